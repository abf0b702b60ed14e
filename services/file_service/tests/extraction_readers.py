"""Readers for tests of the supervisor: each file is an order, and the child that gets it does what it says."""

import os
import resource
import signal
import sys
from collections.abc import Callable

from file_service.domain.extracted_text import ExtractedText, FileFormat, extracted
from file_service.domain.failures import ContentTooLong


def obey(raw: bytes) -> ExtractedText:
    """Carry out "order argument"; the answer's text is the id of the process, or what the order asks for."""
    order, _, argument = raw.decode().partition(" ")
    return extracted(ORDERS[order](argument) or str(os.getpid()), FileFormat.TXT)


def hang(pipe: str) -> None:
    """Tell who hangs, to whoever opens the other end of the named pipe."""
    if pipe:
        with open(pipe, "w", encoding="ascii") as listener:
            listener.write(str(os.getpid()))
    while True:
        signal.pause()


def burn(seconds: str) -> None:
    start = _cpu_seconds()
    while _cpu_seconds() - start < float(seconds):
        pass


def cpu_left(_: str) -> str:
    return str(resource.getrlimit(resource.RLIMIT_CPU)[0] - _cpu_seconds())


def fill_memory(_: str) -> None:
    bytearray(2_000_000_000)


def write_file(path: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write("not allowed")


def die(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def chatter(_: str) -> None:
    print("a library that prints")
    sys.stdout.flush()
    os.write(1, b"and one in C")


def refuse(_: str) -> None:
    raise ContentTooLong("Far too long.", reason="because")


def environment(_: str) -> str:
    return " ".join(os.environ)


def session(_: str) -> str:
    return str(os.getsid(0))


def be_quiet(_: str) -> None:
    """Only answer."""


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


ORDERS: dict[str, Callable[[str], str | None]] = {
    order.__name__: order
    for order in (hang, burn, cpu_left, fill_memory, write_file, die, chatter, refuse, environment, session, be_quiet)
}
