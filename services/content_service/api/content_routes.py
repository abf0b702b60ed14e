"""Keeping content and giving it back."""

import re
from collections.abc import AsyncIterable, AsyncIterator

from dishka import FromDishka
from quart import Blueprint, Response, request
from quart_dishka import inject
from quart_schema import validate_response

from content_service.api_models import StoredContent
from content_service.config import ContentSettings
from content_service.errors import EmptyContent, InvalidContentType, InvalidStorageId
from content_service.protocols import Blob, BlobNotFound, BlobStoreProtocol
from huleedu_service_libs.correlation import current_correlation_id
from huleedu_service_libs.errors import TooLarge
from huleedu_service_libs.idempotency import NEEDLESS, uses_key
from huleedu_service_libs.problems import refuses
from huleedu_service_libs.streamed_body import streamed_body

contents = Blueprint("contents", __name__, url_prefix="/v1/content")

_TEXT = "text/plain"
_TYPE = re.compile(r"[ -~]{1,255}")
_ID = re.compile(r"[0-9a-f]{32}")
# What is stored comes from anybody: no browser is to take it for a page of ours and run it.
_HARMLESS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}


@contents.post("")
@uses_key(NEEDLESS)
@refuses(EmptyContent, InvalidContentType, TooLarge)
@validate_response(StoredContent, 201)
@inject
async def store_content(
    blobs: FromDishka[BlobStoreProtocol], settings: FromDishka[ContentSettings]
) -> tuple[StoredContent, int]:
    """Keep the body's bytes, whatever they are; the same bytes have the same id, and the type they first came with."""
    body = streamed_body(settings.http_max_body_bytes)
    storage_id = await blobs.put(_something(body), _content_type())
    return StoredContent(storage_id=storage_id, correlation_id=current_correlation_id() or ""), 201


@contents.get("/<storage_id>")
@refuses(InvalidStorageId, BlobNotFound)
@inject
async def fetch_content(storage_id: str, blobs: FromDishka[BlobStoreProtocol]) -> Response:
    """The bytes with this id. They never change, so they may be cached for ever."""
    if not _ID.fullmatch(storage_id):
        raise InvalidStorageId
    return _answer(storage_id, await blobs.open(storage_id))


def _answer(storage_id: str, blob: Blob) -> Response:
    headers = {"ETag": f'"{storage_id}"', **_FOR_EVER, **_HARMLESS}
    if request.if_none_match.contains(storage_id):
        return Response(status=304, headers=headers)
    body = None if request.method == "HEAD" else blob.chunks
    answer = Response(body, headers=headers, content_type=blob.content_type)
    answer.content_length = blob.size
    return answer


def _content_type() -> str:
    content_type = request.headers.get("Content-Type") or _TEXT
    if not _TYPE.fullmatch(content_type):
        raise InvalidContentType
    return content_type


async def _something(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The chunks. Raises EmptyContent if there is not a byte in them."""
    empty = True
    async for chunk in chunks:
        empty = empty and not chunk
        yield chunk
    if empty:
        raise EmptyContent
