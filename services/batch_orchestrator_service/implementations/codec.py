"""How batches and facts are kept: JSON, compressed."""

from typing import Any, get_args

import msgspec
import zstandard

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.domain.inherited import with_waits

_compress = zstandard.ZstdCompressor(level=1).compress
_decompress = zstandard.ZstdDecompressor().decompress
_encode = msgspec.json.Encoder().encode
_decode_batch = msgspec.json.Decoder(Batch).decode
_decode_fact = {kind.topic: msgspec.json.Decoder(kind).decode for kind in get_args(Fact)}


def pack(value: Batch | Fact) -> bytes:
    """The bytes to keep."""
    return _compress(_encode(value))


def unpack_batch(packed: bytes) -> Batch:
    """The batch that was packed, by this release or by 0.1.0."""
    return with_waits(_decode_batch(_decompress(packed)))


def unpack_fact(kind: str, packed: bytes) -> Any:
    """The fact that was packed; `kind` is its topic."""
    return _decode_fact[kind](_decompress(packed))
