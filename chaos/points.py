"""Inside a service: places at which the process kills itself when it is told to, each at a boundary of the runtime."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from chaos.replacing import replace
from huleedu_service_libs.runtime.kafka.relay import Relay
from huleedu_service_libs.runtime.kafka.source import KafkaSource
from huleedu_service_libs.runtime.settler import Settler
from huleedu_service_libs.runtime.sources import LogSource
from huleedu_service_libs.runtime.transactions import GroupCommit
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork
from huleedu_service_libs.runtime.worker import Worker

_PLACES: tuple[tuple[type[Any], str, str, str], ...] = (  # what is called, the point before it, the point after it
    (KafkaSource, "take", "", "after-take"),
    (LogSource, "take", "", "after-take"),
    (UnitOfWork, "flush", "", "before-commit"),
    (Settler, "_transact", "", "after-commit"),
    (GroupCommit, "_commit", "", "after-commit"),
    (Worker, "_hand_in", "", "after-commit"),
    (Relay, "_send", "before-send", "after-send"),
    (KafkaSource, "_commit", "before-offset-commit", "after-offset-commit"),
)


class Points:
    """The points of one process of a service; they are armed by files, so that any replica may be the one that dies."""

    def __init__(self, folder: Path, service: str) -> None:
        self._folder, self._service = folder, service
        self._passed: Counter[str] = Counter()

    def install(self) -> None:
        """Have the runtime pass them."""
        for place, method, before, after in _PLACES:
            replace(place, method, self._around(getattr(place, method), before, after))

    def _around(self, call: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
        @wraps(call)
        async def passing(*args: Any, **kwargs: Any) -> Any:
            self._pass(before)
            result = await call(*args, **kwargs)
            if after != "after-take" or result:  # a poll that found nothing has nothing in hand
                self._pass(after)
            return result

        return passing

    def _pass(self, point: str) -> None:
        if not point:
            return
        armed = armed_by(self._folder, self._service, point)
        try:
            wanted = int(armed.read_text())
        except FileNotFoundError:
            self._passed[point] = 0
            return
        self._passed[point] += 1
        if self._passed[point] >= wanted:
            self._die(armed)

    def _die(self, armed: Path) -> None:
        try:
            armed.unlink()
        except FileNotFoundError:
            return  # another replica was quicker
        os.kill(os.getpid(), signal.SIGKILL)


def armed_by(folder: Path, service: str, point: str) -> Path:
    """The file whose presence arms a point; it says at which passage the process dies."""
    return folder / f"{service}.{point}"
