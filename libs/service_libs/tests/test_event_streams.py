"""Streams: an id leads on without gap or repeat; who does not keep up is cut; and all end when the process does."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quart import Blueprint, Response

from huleedu_service_libs.app_factory import create_app
from huleedu_service_libs.event_streams import Hub, MalformedEventId, TooManyStreams, event_stream, place_of
from huleedu_service_libs.event_streams.frames import KEEP_ALIVE, OPENED, event_id, frame
from huleedu_service_libs.event_streams.reading import EventReader, StreamedEvent
from huleedu_service_libs.event_streams.watcher import Watcher
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.housekeeping import sweep
from huleedu_service_libs.runtime.restored import begin_anew
from huleedu_service_libs.runtime.tail import Gap, Kept, Place
from huleedu_service_libs.server import serve
from libs.service_libs.tests.bus_world import PostgresWorld, said
from libs.service_libs.tests.watching import (
    StreamSettings,
    Whispered,
    hub_over,
    numbers,
    stream,
    until_open,
    watch,
    whispered,
)

EPOCH = "0" * 31 + "1"
_batches = (f"batch {number}" for number in itertools.count())


@pytest.fixture
def world(postgres_world: PostgresWorld) -> PostgresWorld:
    return postgres_world


class TestFrames:
    """What stands on the line."""

    @given(st.data(), st.lists(st.text(max_size=40), max_size=5))
    def test_events_are_read_as_they_were_written_however_they_are_cut(
        self, data: st.DataObject, texts: list[str]
    ) -> None:
        events = [
            StreamedEvent(event_id(Place(EPOCH, place)), "fact", msgspec.json.encode(text).decode())
            for place, text in enumerate(texts)
        ]
        written = [frame(each.event, each.data.encode(), Place(EPOCH, place)) for place, each in enumerate(events)]
        sent = OPENED + KEEP_ALIVE.join([*written, b""])

        reader, read = EventReader(), list[StreamedEvent]()
        while sent:
            cut = data.draw(st.integers(1, len(sent)))
            read += reader.feed(sent[:cut])
            sent = sent[cut:]

        assert read == events

    def test_an_id_says_where_to_go_on(self) -> None:
        assert place_of(event_id(Place(EPOCH, 17))) == Place(EPOCH, 17)
        assert place_of(None) is place_of("") is None

    @pytest.mark.parametrize(
        "nonsense", ["17", f"{EPOCH}-", f"{EPOCH}--1", f"{EPOCH}-{'9' * 30}", "\u00e5-1", "a" * 999]
    )
    def test_what_is_no_id_is_refused(self, nonsense: str) -> None:
        with pytest.raises(MalformedEventId):
            place_of(nonsense)

    def test_where_one_can_go_on_from(self) -> None:
        kept = Kept(EPOCH, oldest=10, head=20)

        assert [kept.gap_after(Place(EPOCH, offset)) for offset in (10, 20)] == [None, None]
        assert kept.gap_after(Place(EPOCH, 9)) is Gap.NOT_KEPT
        assert kept.gap_after(Place(EPOCH, 21)) is Gap.AHEAD
        assert kept.gap_after(Place("f" * 32, 15)) is Gap.ANOTHER_EPOCH


class TestWatchers:
    """Between the hub and a client."""

    async def test_what_has_come_is_taken_together_and_once(self) -> None:
        watcher = Watcher(5, most_bytes=10, cut=lambda: None)
        for offset in (4, 5, 6, 7, 7):
            watcher.offer(offset, b"%d" % offset)

        assert await watcher.take(1) == b"67"
        assert await watcher.take(0) == b""

    async def test_who_leaves_too_much_is_cut_and_gets_nothing_more(self) -> None:
        cuts: list[bool] = []
        watcher = Watcher(0, most_bytes=10, cut=lambda: cuts.append(True))

        kept = [watcher.offer(offset, b"12345678") for offset in (1, 2, 3)]

        assert (kept, cuts) == ([True, False, True], [True])
        assert await watcher.take(1) is None

    async def test_one_event_may_be_as_large_as_it_is(self) -> None:
        watcher = Watcher(0, most_bytes=10, cut=lambda: None)

        assert watcher.offer(1, b"x" * 1000)


async def test_a_stream_begins_with_a_snapshot_and_shows_what_comes_after_it(world: PostgresWorld) -> None:
    hub, _ = hub_over(world)
    await world.say(*whispered(1, 2), *said(3))

    watching = asyncio.create_task(watch(hub, "b", 4))
    await until_open(hub)
    await world.say(*whispered(4, 5), *whispered(99, batch_id="another"))
    await world.say(*said(6), *whispered(7))

    first, *others = await watching
    assert (first.event, msgspec.json.decode(first.data)) == ("snapshot", {"said": 3, "gap": None})
    assert numbers(others) == [4, 5, 7]
    assert [place_of(event.id) for event in (first, *others)] == [
        Place(await epoch(world), offset) for offset in (3, 4, 5, 8)
    ]


async def epoch(world: PostgresWorld) -> str:
    found = await world.database.pool.fetchval("select epoch from runtime.installation")
    return str(found.hex)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 7), max_size=6), sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8))
async def test_a_client_that_comes_again_and_again_sees_the_log(
    world: PostgresWorld, cuts: list[int], sizes: list[int]
) -> None:
    batch, counted = next(_batches), itertools.count(1)
    hubs = itertools.cycle([hub_over(world)[0], hub_over(world)[0]])
    seen = await watch(next(hubs), batch, 1)

    async def tell() -> None:
        for size in sizes:
            mine = [whispered(next(counted), batch_id=batch)[0] for _ in range(size)]
            await world.say(*said(1), *mine, *whispered(0, batch_id="another"))

    telling = asyncio.create_task(tell())
    while len(seen) <= sum(sizes):
        count = min(cuts.pop() if cuts else 99, sum(sizes) + 1 - len(seen))
        seen += await watch(next(hubs), batch, count, seen[-1].id)
    await telling

    assert numbers(seen) == list(range(1, sum(sizes) + 1))
    assert [event.event for event in seen].count("snapshot") == 1


async def come_again_beside_another(world: PostgresWorld) -> list[int]:
    """What somebody sees first who missed two events, while the hub has gone on with them for another client."""
    hub, _ = hub_over(world)
    [begun] = await watch(hub, "b", 1)
    other = asyncio.create_task(watch(hub, "b", 3))
    steady = asyncio.create_task(watch(hub, "b", 1000))
    await until_open(hub, 2)
    await world.say(*whispered(1, 2))
    await other
    again = asyncio.create_task(watch(hub, "b", 2, begun.id))
    for number in itertools.count(3):
        await world.say(*whispered(number))
        if again.done():
            steady.cancel()
            return numbers(await again)
    raise AssertionError("it never saw anything")


async def test_what_others_have_been_shown_meanwhile_is_read_again(world: PostgresWorld) -> None:
    assert await come_again_beside_another(world) == [1, 2]


async def test_without_that_there_is_a_gap(world: PostgresWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hub, "_has_offered_up_to", lambda *_: True)

    assert (await come_again_beside_another(world))[0] > 2


async def test_after_retention_there_is_a_snapshot_that_says_so(world: PostgresWorld) -> None:
    hub, _ = hub_over(world)
    [begun] = await watch(hub, "b", 1)
    await world.say(*whispered(1))
    await world.say(*whispered(2))
    async with world.database.pool.acquire() as con:
        await con.execute("insert into runtime.cursor(grp, at) values ('reader', 1)")
        assert await sweep(con, timedelta(0)) == 1

    [again] = await watch(hub, "b", 1, begun.id)

    assert (again.event, msgspec.json.decode(again.data)["gap"]) == ("snapshot", "not_kept")
    assert numbers(await watch(hub, "b", 1, f"{await epoch(world)}-1")) == [2]


async def test_in_a_new_life_of_the_installation_there_is_a_snapshot_that_says_so(world: PostgresWorld) -> None:
    hub, _ = hub_over(world)
    [begun] = await watch(hub, "b", 1)
    async with world.database.pool.acquire() as con:
        await begin_anew(con)

    [again] = await watch(hub, "b", 1, begun.id)

    assert (again.event, msgspec.json.decode(again.data)["gap"]) == ("snapshot", "another_epoch")
    assert again.id == f"{await epoch(world)}-0"


async def test_from_beyond_the_log_there_is_a_snapshot_that_says_so(world: PostgresWorld) -> None:
    hub, _ = hub_over(world)

    [event] = await watch(hub, "b", 1, f"{await epoch(world)}-17")

    assert (event.event, msgspec.json.decode(event.data)["gap"]) == ("snapshot", "ahead")


async def test_a_quiet_stream_says_now_and_then_that_it_lives(world: PostgresWorld) -> None:
    hub, _ = hub_over(world, stream_keep_alive_seconds=0.01)
    chunks = stream(hub, "b")

    assert [await anext(chunks) for _ in range(3)][1:] == [KEEP_ALIVE, KEEP_ALIVE]


async def test_a_database_that_is_away_for_a_while_costs_nothing(
    world: PostgresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, _ = hub_over(world)
    watching = asyncio.create_task(watch(hub, "b", 3))
    await until_open(hub)
    real, failures = hub._tail.read, iter([True, True])

    async def read(offset: int) -> object:
        if next(failures, False):
            raise ConnectionError("away")
        return await real(offset)

    monkeypatch.setattr(hub._tail, "read", read)
    await world.say(*whispered(1))
    await world.say(*whispered(2))

    assert numbers(await watching) == [1, 2]


async def test_there_are_so_many_streams_and_no_more(world: PostgresWorld) -> None:
    hub, metrics = hub_over(world, stream_limit=1)
    first = stream(hub, "b")
    await anext(first)

    with pytest.raises(TooManyStreams):
        await anext(stream(hub, "b"))

    await first.aclose()
    await anext(stream(hub, "b"))
    assert metrics.open._value.get() == 1


async def test_nobody_follows_the_log_while_nobody_watches(world: PostgresWorld) -> None:
    hub, _ = hub_over(world)
    await watch(hub, "b", 1)

    assert hub._following is None
    assert hub.following == 0


@pytest.fixture
def stopping() -> Iterator[asyncio.Event]:
    """Ends what is served."""
    event = asyncio.Event()
    yield event
    event.set()


async def served(hub: Hub[Whispered], stopping: asyncio.Event) -> str:
    """The address of the hub's streams, over HTTP."""
    blueprint = Blueprint("streams", __name__)

    @blueprint.get("/stream")
    async def streams() -> Response:
        return event_stream(stream(hub, "all"))

    app = create_app(
        "test_service", StreamSettings.load(http_response_timeout=0.01), ServiceMetrics("test_service"), [blueprint]
    )
    app.on_stopping.append(hub.end)
    return (await serve(app, "127.0.0.1", 0, stopping)).url


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that has asked for the stream."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=4096)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: here\r\n\r\n")
    await reader.readuntil(b"event: snapshot")
    return reader, writer


async def test_who_stops_reading_is_cut_off_and_the_others_go_on(world: PostgresWorld, stopping: asyncio.Event) -> None:
    hub, metrics = hub_over(world, stream_buffer_bytes=64 * 1024)
    url = await served(hub, stopping)
    slow, writer = await connect(url)
    await until_open(hub)
    quick = asyncio.create_task(watch(hub, "all", 1 + 400))
    await until_open(hub, 2)

    for number in range(400):
        await world.say(*whispered(number, padding="x" * 16_000))

    assert numbers(await quick) == list(range(400))
    assert metrics.cut._value.get() == 1
    with suppress(ConnectionError):
        while await slow.read(1 << 16):
            pass
    writer.close()


async def test_streams_end_at_once_when_the_process_is_about_to(world: PostgresWorld, stopping: asyncio.Event) -> None:
    hub, metrics = hub_over(world)
    url = await served(hub, stopping)
    reader, writer = await connect(url)
    await until_open(hub)

    stopping.set()

    assert (await reader.read()).endswith(b"0\r\n\r\n")
    assert metrics.open._value.get() == 0
    with pytest.raises(TooManyStreams):
        await anext(stream(hub, "all"))
    writer.close()
