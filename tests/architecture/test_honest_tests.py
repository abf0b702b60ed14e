"""Tests read outcomes of real parts and fakes, never of mocks; and no part of the platform prints."""

from __future__ import annotations

import ast

import pytest

from .source import attributes, calls, imports, modules, names

MOCKS = {"AsyncMock", "MagicMock", "Mock", "NonCallableMock", "PropertyMock", "create_autospec", "mocker", "patch"}


def mocks(tree: ast.Module) -> set[str]:
    """What a module takes from a mocking library, or asks of a mock."""
    libraries = {name for name in imports(tree) if name in {"unittest.mock", "mock", "pytest_mock"}}
    asked = {name for name in attributes(tree) if name.startswith(("assert_called", "assert_awaited"))}
    return libraries | (names(tree) & MOCKS) | asked


def test_tests_use_fakes_and_no_mocks() -> None:
    tests = list(modules("libs/*/tests/**/*.py", "services/*/tests/**/*.py", "cli/tests/**/*.py", "tests/**/*.py"))

    assert tests
    for path, tree in tests:
        assert mocks(tree) == set(), path


def test_services_and_libraries_log_and_never_print() -> None:
    for path, tree in modules("libs/*/src/**/*.py", "services/**/*.py"):
        assert "/tests/" in path or "print" not in calls(tree), path


@pytest.mark.parametrize(
    "snippet",
    [
        "from unittest.mock import ANY",
        "from unittest import mock\nclient = mock.Mock()",
        "def test_it(mocker): ...",
        "client.send.assert_called_once_with(1)",
        "with patch('module.name'): ...",
    ],
)
def test_a_mock_is_caught(snippet: str) -> None:
    assert mocks(ast.parse(snippet))


def test_a_fake_is_let_through_and_so_is_an_http_patch() -> None:
    assert mocks(ast.parse("batches = MockBatchRepositoryImpl()\nclient.patch('/v1/batches/1/prompt')")) == set()


def test_printing_is_caught() -> None:
    assert "print" in calls(ast.parse("def handle(): print('here')"))
