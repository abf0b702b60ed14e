"""The set-up from a bare checkout, where it can be tried without one."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

import dev


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
