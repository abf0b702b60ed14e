"""What would make one run differ from the next stands still: ids are counted, stop-watches stopped, logs quiet."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import structlog
import uuid_utils
from nlp_service.implementations import analyse_essays_handler
from spellchecker_service.implementations import language_engine

from chaos.replacing import replaced

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class VirtualClock:
    """Shows what it is set to; it never goes back."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """UTC."""
        return self.now

    def forward(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time


class CountedIds:
    """UUIDs of version 7, as far as their readers can tell: later ones sort after earlier ones."""

    def __init__(self) -> None:
        self._made = 0

    def __call__(self) -> str:
        """The next one."""
        self._made += 1
        return f"01990000-0000-7000-8000-{self._made:012x}"


@contextmanager
def standing_still(new_id: Callable[[], str]) -> Iterator[None]:
    """Within: whatever the services ask of their process is the same each time."""
    kept = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        with ExitStack() as stack:
            stack.enter_context(replaced(uuid_utils, "uuid7", new_id))
            for engine in (language_engine, analyse_essays_handler):
                stack.enter_context(replaced(engine, "perf_counter", lambda: 0.0))
            yield
    finally:
        structlog.configure(**kept)


def _drop(logger: object, method: str, line: object) -> str:
    raise structlog.DropEvent
