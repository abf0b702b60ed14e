"""A body is read piece by piece, however long it claims to be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from quart import Quart, request
from quart.wrappers.request import Body
from werkzeug.exceptions import RequestTimeout

from huleedu_service_libs.errors import TooLarge
from huleedu_service_libs.streamed_body import streamed_body


@asynccontextmanager
async def arriving() -> AsyncIterator[Body]:
    """The body of a request that has only begun."""
    async with Quart(__name__).test_request_context("/"):
        request.body = Body(None, None)
        yield request.body


async def test_pieces_come_as_they_arrive() -> None:
    async with arriving() as body:
        pieces = streamed_body(10)
        body.append(b"an ")
        first = await anext(pieces)
        body.append(b"essay")
        body.set_complete()

        assert [first, *[piece async for piece in pieces]] == [b"an ", b"essay"]


async def test_a_body_is_cut_off_at_the_limit_though_no_piece_of_it_is_too_large() -> None:
    async with arriving() as body:
        pieces = streamed_body(10)
        body.append(b"x" * 6)
        await anext(pieces)
        body.append(b"x" * 6)

        with pytest.raises(TooLarge):
            await anext(pieces)


async def test_a_body_that_stops_coming_is_given_up() -> None:
    async with arriving() as body:
        no_time: Any = 0.01  # Quart says whole seconds; the event loop takes fractions
        request.body_timeout = no_time
        pieces = streamed_body(10)
        body.append(b"the start")
        await anext(pieces)

        with pytest.raises(RequestTimeout):
            await anext(pieces)
