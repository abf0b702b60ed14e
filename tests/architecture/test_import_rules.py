"""Imports point inwards: services share contracts and runtime, never each other; contracts know nobody."""

from __future__ import annotations

import ast

import pytest

from .source import INPUT_OUTPUT, SERVICES, calls, imported_packages, modules

OURS = SERVICES | {"common_core", "huleedu_service_libs", "huleedu"}


def neighbours(tree: ast.Module, own: str) -> set[str]:
    """The other services that a module of the service `own` imports."""
    return (imported_packages(tree) & SERVICES) - {own}


def beyond_contracts(tree: ast.Module) -> set[str]:
    """What a contract has no business with: our other packages, and whatever reads, writes, waits or logs."""
    packages = imported_packages(tree) & ((OURS - {"common_core"}) | INPUT_OUTPUT)
    return packages | (calls(tree) & {"open", "print", "input"})


def test_services_do_not_import_each_other() -> None:
    for path, tree in modules("services/*/**/*.py"):
        assert neighbours(tree, own=path.split("/")[1]) == set(), path


def test_the_runtime_imports_no_service() -> None:
    for path, tree in modules("libs/service_libs/src/**/*.py"):
        assert imported_packages(tree) & (SERVICES | {"huleedu"}) == set(), path


def test_contracts_import_nothing_of_ours_and_do_no_input_or_output() -> None:
    for path, tree in modules("libs/common_core/src/**/*.py"):
        assert beyond_contracts(tree) == set(), path


@pytest.mark.parametrize(
    "snippet",
    [
        "import content_service.config",
        "from content_service.config import Settings",
        "def later():\n    from content_service import app",
    ],
)
def test_a_service_that_imports_another_is_caught(snippet: str) -> None:
    assert neighbours(ast.parse(snippet), own="file_service") == {"content_service"}
    assert neighbours(ast.parse(snippet), own="content_service") == set()


@pytest.mark.parametrize(
    "snippet",
    ["import os.path", "from pathlib import Path", "from huleedu_service_libs import text", "open('essay.txt')"],
)
def test_a_contract_that_reaches_out_is_caught(snippet: str) -> None:
    assert beyond_contracts(ast.parse(snippet))
    assert not beyond_contracts(ast.parse("import msgspec\nfrom common_core.enums import Phase"))
