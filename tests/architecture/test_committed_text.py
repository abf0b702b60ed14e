"""Nothing in the repository is tied to one machine, and the set-up script asks for nothing but a Python."""

from __future__ import annotations

import ast
import re
import sys

import pytest

from .source import ROOT, committed_files, imported_packages

REGISTRIES = [("py", "pi.org"), ("python", "hosted.org"), ("npm", "js.org"), ("crates", ".io"), ("golang", ".org")]
REGISTRIES += [("maven", ".org"), ("maven.apache", ".org"), ("deb.debian", ".org")]
FOLDERS = [("ro", "ot"), ("wo", "rk"), ("home", "/[a-z]+"), ("Users", "/[A-Za-z]+")]
TIED = re.compile(
    "|".join(
        [re.escape(first + second) for first, second in REGISTRIES]
        + [rf"(?<![\w.~/-])/{first}{second}/" for first, second in FOLDERS]
    )
)


def test_no_committed_text_names_a_folder_of_a_machine_or_a_registry() -> None:
    for path in committed_files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found = TIED.search(text)
        assert found is None, f"{path.relative_to(ROOT)}: {found and found.group()}"


@pytest.mark.parametrize(
    "text",
    [
        "url = https://" + "files.python" + "hosted.org/packages",
        "cd /wo" + "rk/project",
        "path = '/ro" + "ot/.cache'",
        "see /home" + "/anna/essays",
    ],
)
def test_a_tie_to_a_machine_is_caught(text: str) -> None:
    assert TIED.search(text)


def test_what_only_looks_like_one_is_let_through() -> None:
    assert not TIED.search("docs/network/home.md and services/root/desk/ and ~/home/x")


def test_the_set_up_script_reads_on_old_pythons_and_needs_only_the_standard_library() -> None:
    script = ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 6))

    assert imported_packages(script) <= sys.stdlib_module_names
    assert not any(alias.name == "annotations" for alias in imported_aliases(script))


def imported_aliases(tree: ast.Module) -> list[ast.alias]:
    """What a module imports from `__future__`, of which old Pythons know little."""
    futures = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return [alias for node in futures for alias in node.names]
