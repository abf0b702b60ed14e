"""What a person reads where something foreseen goes wrong."""

import errno
import io
import os

import pytest
from batch_conductor_service.domain.pipelines import WrongDefinition

from huleedu.places import own_command
from huleedu.screen import screen
from huleedu.trouble import told


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/a/class.csv"), "Permission denied: /a/class.csv\n"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device.\n"),
        (WrongDefinition("/a/pipelines.yaml: no such file"), "/a/pipelines.yaml: no such file\n"),
        (TimeoutError(), f"The platform does not answer (TimeoutError). `{own_command()} doctor` says more.\n"),
    ],
)
def test_what_was_foreseen_is_told_in_one_line(error: Exception, words: str) -> None:
    console = screen()
    console.file = io.StringIO()

    with pytest.raises(SystemExit), told(console):
        raise error

    assert console.file.getvalue() == words


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"), told(screen()):
        raise OSError(errno.EBADF, "Bad file descriptor")
