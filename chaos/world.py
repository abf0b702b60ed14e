"""What chaos needs of a platform under test, however it is run."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from chaos.bookkeeper import KafkaContents
from chaos.proxy import Line


class Killable(Protocol):
    """A server that outlives its own death."""

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""

    def kill(self) -> None:
        """kill -9. Blocks."""

    def start(self) -> object:
        """Have it running and answering. Blocks."""


class World(Protocol):
    """A platform whose every part can be struck. `processes` are named `service.replica`."""

    dsns: Mapping[str, str]  # of each service, past every proxy
    servers: Mapping[str, Killable]
    lines: Mapping[str, Line]
    bootstrap: str | None  # of Kafka, past every proxy; None without Kafka

    @property
    def processes(self) -> Sequence[str]:
        """Those of services; some may be dead just now."""

    def addresses(self) -> Mapping[str, Sequence[str]]:
        """The base URLs of each service's replicas."""

    def pid(self, process: str) -> int | None:
        """Its process id while it runs."""

    def exit_code(self, process: str) -> int | None:
        """How it ended, the signal negative; None while it runs."""

    def url(self, process: str) -> str:
        """Where it answers, if it does."""

    def spawn(self, process: str) -> None:
        """Start it, again if it has ended."""

    async def contents(self) -> KafkaContents | None:
        """All that Kafka holds."""

    async def behind(self) -> Mapping[str, int]:
        """What each group has before it."""
