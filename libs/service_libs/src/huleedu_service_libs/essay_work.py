"""What every service does that computes on an essay's text, with each way to fail named by a stable code."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from huleedu_service_libs.content_client import ContentClientProtocol, ContentMissing
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerRefused, PeerTooTalkative
from huleedu_service_libs.process_pool import WorkerDied, WorkerNotReady
from huleedu_service_libs.runtime.blame import blames_data, reason
from huleedu_service_libs.service import Pool

T = TypeVar("T")


class EssayFailed(Exception):
    """One essay cannot be processed, and trying again will not help; `code` is stable, for machines."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class EssayWork:
    """Reads essays' texts and computes on them in other processes.

    Its methods raise EssayFailed for what is the essay's own fault, and Unavailable for what is to be waited out.
    """

    def __init__(self, content: ContentClientProtocol, pool: Pool, *, error_code: str, time_limit: float) -> None:
        """`error_code` names a computation that failed; `time_limit` is in seconds for one computation."""
        self._content, self._pool = content, pool
        self._error_code, self._time_limit = error_code, time_limit

    async def read(self, storage_id: str) -> str:
        """The text under this id.

        Codes: CONTENT_NOT_FOUND, EMPTY_CONTENT, CONTENT_TOO_LONG, PARSING_ERROR (no UTF-8), CONTENT_SERVICE_ERROR.
        """
        try:
            text = (await self._content.fetch(storage_id)).decode()
        except ContentMissing as error:
            raise EssayFailed("CONTENT_NOT_FOUND", f"no content {storage_id}") from error
        except UnicodeDecodeError as error:
            raise EssayFailed("PARSING_ERROR", "the content is not text in UTF-8") from error
        except PeerTooTalkative as error:
            raise EssayFailed("CONTENT_TOO_LONG", str(error)) from error
        except PeerRefused as error:
            raise EssayFailed("CONTENT_SERVICE_ERROR", str(error)) from error
        if not text.strip():
            raise EssayFailed("EMPTY_CONTENT", "the text is empty")
        return text

    async def keep(self, text: str) -> str:
        """Keep this text and answer its id. Code: CONTENT_SERVICE_ERROR."""
        try:
            return await self._content.store(text.encode())
        except PeerRefused as error:
            raise EssayFailed("CONTENT_SERVICE_ERROR", str(error)) from error

    async def compute(self, function: Callable[..., T], *args: Any) -> T:
        """Call the function in the process pool. Codes: TIMEOUT, or the one for a computation that failed."""
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._run(function, args)
        except TimeoutError as error:
            raise EssayFailed("TIMEOUT", f"not done within {self._time_limit:g} s") from error
        except WorkerNotReady as error:
            raise Unavailable(f"no process to compute in: {error}") from error
        except Exception as error:
            if not blames_data(error):
                raise
            raise EssayFailed(self._error_code, reason(error)) from error

    async def _run(self, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        try:
            return await self._pool.run(function, *args)
        except WorkerDied:  # which another text, or a lack of memory, may have caused
            return await self._pool.run(function, *args)
