"""A line passes everything on, until it is cut, swallows, or is slow."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from chaos.proxy import TICK, Line

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1000):
            writer.write(data)
    writer.close()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    made = Line(server.sockets[0].getsockname()[1])
    yield made
    await made.close()
    server.close()


async def called(line: Line) -> Ends:
    return await asyncio.open_connection("127.0.0.1", await line.start())


async def test_what_is_said_comes_back(line: Line) -> None:
    reader, writer = await called(line)
    writer.write(b"x" * 200_000)

    assert await reader.readexactly(200_000) == b"x" * 200_000


async def test_a_cut_line_is_reset(line: Line) -> None:
    reader, writer = await called(line)
    writer.write(b"hello")
    await reader.readexactly(5)

    assert line.cut(1.0, random.Random(0)) == 2
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)


async def test_what_was_swallowed_comes_once_the_line_is_mended(line: Line) -> None:
    reader, writer = await called(line)
    line.swallow()
    writer.write(b"hello")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.readexactly(5)

    line.mend()

    assert await reader.readexactly(5) == b"hello"


async def test_a_slow_line_brings_little_at_a_time(line: Line) -> None:
    line.slow(int(100 / TICK))
    reader, writer = await called(line)
    writer.write(b"x" * 300)

    assert len(await reader.read(1000)) == 100


async def test_a_server_that_is_away_resets_its_callers() -> None:
    gone = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = gone.sockets[0].getsockname()[1]
    gone.close()
    await gone.wait_closed()
    line = Line(port)
    reader, _ = await called(line)

    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    await line.close()
