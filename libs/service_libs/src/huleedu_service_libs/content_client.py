"""Content Service as its readers and writers see it: bytes under an id that follows from them."""

from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote

from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerClient, PeerRefused

PLAIN_TEXT = "text/plain; charset=utf-8"
NO_ID = "INVALID_STORAGE_ID"
"""Content Service's code for what cannot be the id of anything."""


class ContentMissing(Exception):
    """Content Service has nothing under this id."""


class ContentClientProtocol(Protocol):
    """Reads and keeps bytes at Content Service. Everything here raises Unavailable while it is away."""

    async def fetch(self, storage_id: str) -> bytes:
        """The bytes kept under this id. Raises ContentMissing; PeerRefused and PeerTooTalkative over HTTP."""

    async def store(self, content: bytes, content_type: str = PLAIN_TEXT) -> str:
        """Keep the bytes and answer their id: always the same for the same bytes. Raises PeerRefused over HTTP."""

    async def check(self) -> None:
        """Return if Content Service answers."""


class HttpContentClient:
    """Content Service over HTTP."""

    def __init__(self, peer: PeerClient) -> None:
        self._peer = peer

    async def fetch(self, storage_id: str) -> bytes:
        """See `ContentClientProtocol.fetch`."""
        try:
            answer = await self._peer.request("GET", f"/v1/content/{quote(storage_id, safe='')}")
        except PeerRefused as refused:
            if refused.status == HTTPStatus.NOT_FOUND or refused.code == NO_ID:
                raise ContentMissing(storage_id) from refused
            raise
        return answer.body

    async def store(self, content: bytes, content_type: str = PLAIN_TEXT) -> str:
        """See `ContentClientProtocol.store`."""
        headers = {"Content-Type": content_type}
        # Ids follow from the bytes, so storing them twice stores them once.
        answer = await self._peer.request("POST", "/v1/content", data=content, headers=headers, repeatable=True)
        body: dict[str, Any] = answer.json()
        return str(body["storage_id"])

    async def check(self) -> None:
        """See `ContentClientProtocol.check`."""
        await self._peer.request("GET", "/healthz")


class InMemoryContentClient:
    """Content in a dict, for tests. While `away` is set, it is away."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.away = False

    async def fetch(self, storage_id: str) -> bytes:
        """See `ContentClientProtocol.fetch`."""
        await self.check()
        try:
            return self.kept[storage_id]
        except KeyError:
            raise ContentMissing(storage_id) from None

    async def store(self, content: bytes, content_type: str = PLAIN_TEXT) -> str:
        """See `ContentClientProtocol.store`."""
        await self.check()
        storage_id = blake2b(content, digest_size=16).hexdigest()
        self.kept[storage_id] = content
        return storage_id

    async def check(self) -> None:
        """See `ContentClientProtocol.check`."""
        if self.away:
            raise Unavailable("content_service is away")
