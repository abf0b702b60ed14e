"""One open stream, between the hub, which never waits for it, and its client."""

import asyncio
from collections.abc import Callable


class Watcher:
    """Keeps what its client has not been sent yet, as long as that is not too much.

    `offset` is where its client stands: what lies before it was sent already, or stands in its snapshot.
    """

    def __init__(self, offset: int, most_bytes: int, cut: Callable[[], object]) -> None:
        self.offset, self.has_ended = offset, False
        self._most_bytes, self._cut = most_bytes, cut
        self._frames: list[bytes] = []
        self._size = 0
        self._stir = asyncio.Event()

    def offer(self, offset: int, frame: bytes) -> bool:
        """Keep this event, which ends at `offset`. False if it was one too many: then the stream is cut."""
        if self.has_ended or offset <= self.offset:
            return True
        self.offset = offset
        self._size += len(frame)
        if self._frames and self._size > self._most_bytes:
            self.end()
            self._cut()
            return False
        self._frames.append(frame)
        self._stir.set()
        return True

    def end(self) -> None:
        """Send nothing more, not even what waits."""
        self.has_ended = True
        self._frames.clear()
        self._stir.set()

    async def take(self, seconds: float) -> bytes | None:
        """What has come since, together; empty if there was nothing for so long, None once the stream has ended."""
        try:
            async with asyncio.timeout(seconds):
                await self._stir.wait()
        except TimeoutError:
            return b""
        if self.has_ended:
            return None
        taken = b"".join(self._frames)
        self._frames.clear()
        self._size = 0
        self._stir.clear()
        return taken
