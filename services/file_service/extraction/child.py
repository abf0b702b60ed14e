"""The sandboxed process that reads files: `python -m file_service.extraction.child READER CPU_SECONDS MEMORY_BYTES`.

It takes a file as one frame from standard input and answers with one frame, until its input ends. Whatever goes wrong
beyond a refusal ends the process, and its parent knows what that means.
"""

import ctypes
import math
import os
import pkgutil
import resource
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

from file_service.domain.extracted_text import ExtractedText
from file_service.domain.failures import FileRefused
from file_service.extraction.wire import READY, Answer, Refusal, encode, framed, read_frame

_PR_SET_PDEATHSIG = 1

Reader = Callable[[bytes], ExtractedText]


def main(reader: str, cpu_seconds: str, memory_bytes: str) -> None:
    """Read files until there are no more. `reader` names a function as "module:function"."""
    die_with_parent()
    answers = own_standard_output()
    read: Reader = pkgutil.resolve_name(reader)
    limit_process(int(memory_bytes))
    send(answers, READY)
    while (raw := read_frame(sys.stdin.buffer)) is not None:
        allow_more_cpu(int(cpu_seconds))
        send(answers, encode(answer(read, raw)))


def answer(read: Reader, raw: bytes) -> Answer:
    """The text, or why there is none."""
    try:
        return read(raw)
    except FileRefused as refused:
        return Refusal(refused.code, str(refused), refused.reason)


def send(pipe: BinaryIO, payload: bytes) -> None:
    pipe.write(framed(payload))
    pipe.flush()


def own_standard_output() -> BinaryIO:
    """The pipe to the parent, out of reach of a library that prints: it prints to nowhere."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return pipe


def die_with_parent() -> None:
    """On Linux at once; elsewhere a child ends when it next looks at its input."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def limit_process(memory_bytes: int) -> None:
    """No core dump, no byte into any file, and (on Linux) no more memory than this."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    if sys.platform == "linux":
        _lower(resource.RLIMIT_AS, memory_bytes)


def allow_more_cpu(seconds: int) -> None:
    """The limit counts from the start of the process: each file gets its own seconds on top of what has been used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + seconds, hard))


def _lower(limit: int, value: int) -> None:
    resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    main(*sys.argv[1:])
