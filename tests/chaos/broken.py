"""Mechanisms switched off, to see that the tests would notice."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from chaos.replacing import replace
from common_core.messages.spellcheck import SpellcheckPhaseCompletedV1
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres
from huleedu_service_libs.runtime import log
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.delivery import Delivery
from huleedu_service_libs.runtime.sources import LogSource


def killed_once_with_results_in_hand() -> None:
    """Die by kill -9, once in a data folder's life, when results of essays have been read and nothing is written."""
    take, mark = LogSource.take, Path(os.environ["HULEEDU_DATA_DIR"]) / "killed with results in hand"

    async def deadly_take(self: LogSource, limit: int) -> list[Delivery]:
        deliveries = await take(self, limit)
        if any(d.topic == SpellcheckPhaseCompletedV1.topic for d in deliveries) and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return deliveries

    replace(LogSource, "take", deadly_take)


def receipt_before_effect() -> None:
    """Move the cursor as soon as messages are read: a kill between receipt and effect loses them."""
    take = LogSource.take

    async def hasty_take(self: LogSource, limit: int) -> list[Delivery]:
        deliveries = await take(self, limit)
        if deliveries:
            first, last = deliveries[0].receipt, deliveries[-1].receipt
            await log.move(self._database.pool, log.Move(self._group, first.since, last.next, last.epoch))
        return deliveries

    async def nothing(self: LogSource, con: Connection, deliveries: Sequence[Delivery]) -> log.Move | None:
        return None

    replace(LogSource, "take", hasty_take)
    killed_once_with_results_in_hand()
    replace(LogSource, "acknowledge", nothing)


def no_fence() -> None:
    """Set the cursor to where one has read, whoever reads for the group by now."""

    async def careless(self: LogSource, con: Connection, deliveries: Sequence[Delivery]) -> log.Move | None:
        await con.execute("update runtime.cursor set at = $2 where grp = $1", self._group, deliveries[-1].receipt.next)
        return None

    replace(LogSource, "acknowledge", careless)


def no_survivor() -> None:
    """Never notice that the database is gone."""

    async def watch(_: EmbeddedPostgres) -> None:
        await asyncio.Event().wait()

    replace(EmbeddedPostgres, "watch", watch)


BREAKAGES: dict[str, Callable[[], None]] = {
    "killed-with-results-in-hand": killed_once_with_results_in_hand,
    "receipt-before-effect": receipt_before_effect,
    "no-fence": no_fence,
    "no-survivor": no_survivor,
}
