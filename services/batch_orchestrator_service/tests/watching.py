"""A client of BOS's streams."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from quart.typing import TestClientProtocol as Client

from huleedu_service_libs.event_streams.reading import EventReader, StreamedEvent

OPERATOR = {"Authorization": "Bearer sesame"}


class Viewer:
    """Reads one open stream."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._reader = connection, EventReader()
        self._waiting: list[StreamedEvent] = []

    async def next(self) -> StreamedEvent:
        """The next event."""
        while not self._waiting:
            self._waiting += self._reader.feed(await self._connection.receive())
        return self._waiting.pop(0)

    async def until(self, event: str, **data: object) -> list[StreamedEvent]:
        """The events up to the first of that name whose data holds this."""
        seen = [await self.next()]
        while seen[-1].event != event or not data.items() <= told(seen[-1]).items():
            seen.append(await self.next())
        return seen


@asynccontextmanager
async def watching(
    client: Client, path: str, *, user: str | None = None, last: str | None = None, **headers: str
) -> AsyncIterator[Viewer]:
    """An open stream."""
    asked = {**headers, **({"X-User-ID": user} if user else {}), **({"Last-Event-ID": last} if last else {})}
    async with client.request(path, headers=asked) as connection:
        await connection.send_complete()
        yield Viewer(connection)
        await connection.disconnect()


def told(event: StreamedEvent) -> dict[str, Any]:
    """Its data."""
    found: dict[str, Any] = json.loads(event.data)
    return found
