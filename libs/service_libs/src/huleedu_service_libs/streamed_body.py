"""A request's body in pieces, for what is too large to be held in memory whole."""

import asyncio
from collections.abc import AsyncIterator

from quart import request
from werkzeug.exceptions import RequestTimeout

from huleedu_service_libs.errors import TooLarge


async def streamed_body(most_bytes: int) -> AsyncIterator[bytes]:
    """The body of the current request as it arrives.

    Raises TooLarge beyond `most_bytes`, whatever length the client had announced, and werkzeug's RequestTimeout when it
    is not all there in time (setting HTTP_BODY_TIMEOUT).
    """
    body, size = request.body, 0
    deadline = asyncio.get_running_loop().time() + (request.body_timeout or float("inf"))
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                chunk = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError as late:
            raise RequestTimeout from late
        size += len(chunk)
        if size > most_bytes:
            raise TooLarge
        yield chunk
