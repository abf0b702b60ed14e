"""Streams over the log of a test's database, and clients that watch them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import ClassVar

import msgspec
from msgspec import structs

from common_core.message import Message
from huleedu_service_libs.event_streams import Hub, Shown, StreamMetrics, StreamsEvents, place_of
from huleedu_service_libs.event_streams.reading import EventReader, StreamedEvent
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.tail import Gap, Tail
from libs.service_libs.tests.bus_world import World, until


class Whispered(Message, frozen=True, kw_only=True):
    """Something that a service says to itself, to be shown."""

    topic: ClassVar[str] = "test.whispered"
    producer: ClassVar[str] = "*"
    stays: ClassVar[bool] = True
    batch_id: str
    number: int
    padding: str = ""


class StreamSettings(StreamsEvents):
    """Of a service that declares nothing more."""

    service_name = "test_service"


def shown(message: Whispered) -> Shown:
    """In its batch's stream, and in that of all."""
    return Shown("whisper", msgspec.json.encode(structs.asdict(message)), (message.batch_id, "all"))


def hub_over(world: World, **settings: float) -> tuple[Hub[Whispered], StreamMetrics]:
    """As one replica has it."""
    metrics = StreamMetrics(ServiceMetrics("test_service"))
    own = StreamSettings.load(**settings)
    return Hub(Tail(world.database, world.bus, Whispered), shown, own, metrics), metrics


async def snapshot(con: Connection, gap: Gap | None) -> bytes:
    """How many messages there had been, and what was missed."""
    said = await con.fetchval("select next from runtime.head")
    return msgspec.json.encode({"said": said, "gap": gap})


async def stream(hub: Hub[Whispered], channel: str, last: str | None = None) -> AsyncGenerator[bytes, None]:
    """The bytes that a client gets."""
    opening = await hub.open(place_of(last), snapshot)
    async with aclosing(hub.stream(channel, opening)) as chunks:
        async for chunk in chunks:
            yield chunk


async def watch(hub: Hub[Whispered], channel: str, count: int, last: str | None = None) -> list[StreamedEvent]:
    """The next so many events of a channel, after the last one seen; then the client goes."""
    reader, seen = EventReader(), []
    async with aclosing(stream(hub, channel, last)) as chunks:
        async for chunk in chunks:
            seen += reader.feed(chunk)
            if len(seen) >= count:
                break
    return seen[:count]


async def until_open(hub: Hub[Whispered], count: int = 1) -> None:
    """Wait until so many streams are up to date."""

    async def are_open() -> bool:
        return hub.following >= count

    await until(are_open)


def numbers(events: list[StreamedEvent]) -> list[int]:
    """What was whispered, by its numbers."""
    return [msgspec.json.decode(event.data)["number"] for event in events if event.event == "whisper"]


def whispered(*numbers: int, batch_id: str = "b", padding: str = "") -> list[Whispered]:
    """Things that are said."""
    return [Whispered(batch_id=batch_id, number=number, padding=padding) for number in numbers]
