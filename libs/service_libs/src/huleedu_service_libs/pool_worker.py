"""The other end of `process_pool`: a process that answers pickled calls until its parent is gone.

`main` runs with the parent's pid as its argument, with calls on standard input and answers on standard
output, each behind its length. Whatever the work prints goes to standard error instead.
"""

import ctypes
import importlib
import os
import pickle
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from functools import reduce
from queue import SimpleQueue
from typing import Any, BinaryIO

LENGTH = struct.Struct("!Q")

_PR_SET_PDEATHSIG = 1


class RemoteFailure(Exception):
    """A call raised something that cannot be pickled; this is its text."""


def main() -> None:
    """Greet the parent, then serve it."""
    _die_with_parent(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _take_stdout()
    calls: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, calls), daemon=True).start()
    _answer(answers, _prepare, calls.get())
    while True:
        _answer(answers, _call, calls.get())


def _die_with_parent(parent: int) -> None:
    """The kernel's promise on Linux; elsewhere the end of standard input has to do (see `_receive`)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _take_stdout() -> BinaryIO:
    """Keep standard output for answers; a `print` must not get between them."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _receive(stream: BinaryIO, calls: "SimpleQueue[bytes]") -> None:
    """In a thread of its own, so that the parent's end is noticed in the middle of a call too."""
    while header := stream.read(LENGTH.size):
        calls.put(stream.read(*LENGTH.unpack(header)))
    os._exit(0)


def _answer(answers: BinaryIO, work: Callable[[bytes], Any], call: bytes) -> None:
    answer = _pickled(work, call)
    answers.write(LENGTH.pack(len(answer)) + answer)
    answers.flush()


def _pickled(work: Callable[[bytes], Any], call: bytes) -> bytes:
    """(True, result) or (False, exception)."""
    try:
        return pickle.dumps((True, work(call)), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:
        error.add_note(f"in a worker process:\n{traceback.format_exc()}")
        return pickle.dumps((False, _portable(error)), pickle.HIGHEST_PROTOCOL)


def _portable(error: BaseException) -> Exception:
    """The error itself if it survives the journey."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RemoteFailure("".join(traceback.format_exception(error)))
    return error if isinstance(error, Exception) else RemoteFailure(repr(error))


def _prepare(welcome: bytes) -> None:
    path, preload, warm_up = pickle.loads(welcome)
    sys.path[:] = path
    for module in preload:
        importlib.import_module(module)
    if warm_up is not None:
        _named(warm_up)()


def _named(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return reduce(getattr, name.split("."), importlib.import_module(module))


def _call(call: bytes) -> Any:
    function, args, kwargs = pickle.loads(call)
    return function(*args, **kwargs)
