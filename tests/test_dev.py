"""The set-up from a bare checkout, where it can be tried without one."""

import ast
import fcntl
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev


def test_the_usage_names_every_benchmark_there_is() -> None:
    (named,) = re.findall(r"^  bench (\S+) ", dev.USAGE, re.MULTILINE)
    source = (dev.ROOT / "benchmarks" / "__main__.py").read_text(encoding="utf-8")  # to import it is to run it
    functions = [each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)]
    there_are = [each.name for each in functions if "app.command()" in map(ast.unparse, each.decorator_list)]

    assert sorted(named.split("|")) == sorted(there_are)


def test_a_tool_that_outlives_a_killed_set_up_keeps_the_next_one_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "TOOLS", tmp_path)
    with dev.one_at_a_time():
        tool = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)

    with (tmp_path / "lock").open() as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tool.communicate(b"\n")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
