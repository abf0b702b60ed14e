"""A line between services and a server that can be cut, made to swallow everything, or made slow."""

import asyncio
import os
import random
import socket
import struct
from contextlib import suppress

CHUNK = 64 * 1024
TICK = 0.05  # seconds between two portions on a slow line


class Line:
    """Passes bytes on to a server on this machine, in both directions, until told otherwise."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._open = asyncio.Event()
        self._open.set()
        self._bytes_per_tick: int | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def close(self) -> None:
        """End it with all its connections."""
        if self._server is not None:
            self._server.close()
        self._open.set()
        self.cut(1.0, random.Random(0))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self, share: float, chance: random.Random) -> int:
        """Reset about this share of the connections; how many sockets that were."""
        struck = [writer for writer in list(self._writers) if chance.random() < share]
        for writer in struck:
            _reset(writer)
        return len(struck)

    def swallow(self) -> None:
        """Let nothing through, and tell nobody."""
        self._open.clear()

    def slow(self, bytes_per_second: int) -> None:
        """Let each connection have only so much in each direction."""
        self._bytes_per_tick = max(1, int(bytes_per_second * TICK))

    def mend(self) -> None:
        """Pass everything on again, what was held back first."""
        self._bytes_per_tick = None
        self._open.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            await self._open.wait()
            await self._joined(reader, writer)
        except (OSError, asyncio.CancelledError):  # cancelled by `close` alone; asyncio's streams would complain of it
            _reset(writer)
        finally:
            self._writers.discard(writer)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._writers.add(server_writer)
        ways = (self._pass(reader, server_writer), self._pass(server_reader, writer))
        try:
            await asyncio.gather(*ways)
        finally:
            self._writers.discard(server_writer)
            for one in (writer, server_writer):
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._send(data, writer)
        writer.close()

    async def _send(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        while data:
            await self._open.wait()
            size = self._bytes_per_tick or len(data)
            if not writer.is_closing():
                writer.write(data[:size])
                await writer.drain()
            data = data[size:]
            if data:
                await asyncio.sleep(TICK)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a crash does: without saying goodbye."""
    if (own := writer.get_extra_info("socket")) is not None:  # no more once it is closed
        with suppress(OSError), socket.socket(fileno=os.dup(own.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
