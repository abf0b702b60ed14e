"""What parent and child say to each other over two pipes: frames, each with its length in four bytes before it."""

from typing import BinaryIO, NamedTuple

from msgspec import msgpack

from common_core.enums import FileValidationErrorCode
from file_service.domain.extracted_text import ExtractedText

LENGTH_BYTES = 4
READY = b""


class Refusal(NamedTuple):
    """A FileRefused on its way to the parent."""

    code: FileValidationErrorCode
    message: str
    reason: str


Answer = ExtractedText | Refusal

encode = msgpack.encode
decoder: msgpack.Decoder[Answer] = msgpack.Decoder(ExtractedText | Refusal)


def framed(payload: bytes) -> bytes:
    """The payload with its length before it."""
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


def read_frame(pipe: BinaryIO) -> bytes | None:
    """The next payload, or None when the other side has closed its end."""
    head = pipe.read(LENGTH_BYTES)
    length = int.from_bytes(head, "big")
    payload = pipe.read(length)
    return payload if len(head) == LENGTH_BYTES and len(payload) == length else None
