"""`python -m tests.reference.releases VERSION [COMMIT]`: keep what a release says and the code that says it.

The next one is held to its schemas, and is run beside it.
"""

import io
import lzma
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.reference.files import REFERENCE, ROOT

RELEASED = REFERENCE / "released"
SOURCE = "source.tar.xz"
_CODE = ("libs", "cli/src", "services", ":(exclude,glob)*/*/tests/**")


class AlreadyReleased(Exception):
    """What has been released stays as it is."""


def last_release(released: Path = RELEASED) -> Path:
    """The folder of the release that others may be running."""
    return max(released.iterdir(), key=lambda folder: tuple(map(int, folder.name.split("."))))


def release(version: str, commit: str = "HEAD") -> None:
    """Keep that commit's schemas and code, and no longer the code of the releases before it."""
    folder = RELEASED / version
    if folder.exists():
        raise AlreadyReleased(version)
    folder.mkdir(parents=True)
    with _opened(_archive(commit, "docs/reference/schemas")) as tar:
        for member in filter(tarfile.TarInfo.isfile, tar.getmembers()):
            member.name = f"schemas/{Path(member.name).name}"
            tar.extract(member, folder, filter="data")
    for old in RELEASED.glob(f"*/{SOURCE}"):
        old.unlink()
    code = lzma.compress(_archive(commit, *_CODE), preset=9 | lzma.PRESET_EXTREME)
    (folder / SOURCE).write_bytes(code)


def _archive(commit: str, *paths: str) -> bytes:
    return subprocess.run(("git", "archive", commit, "--", *paths), cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def _opened(tar: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(tar))


def unpack_code(folder: Path, into: Path) -> list[Path]:
    """The code of the release kept in that folder; where its packages are, for PYTHONPATH."""
    with _opened(lzma.decompress((folder / SOURCE).read_bytes())) as tar:
        tar.extractall(into, filter="data")
    return [*sorted(into.glob("libs/*/src")), into / "cli/src", into / "services"]


if __name__ == "__main__":
    release(*sys.argv[1:])
