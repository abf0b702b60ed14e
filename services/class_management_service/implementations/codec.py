"""How a batch's associations are kept: JSON, compressed."""

import msgspec
import zstandard

from class_management_service.domain.associations import Known

_compress = zstandard.ZstdCompressor(level=1).compress
_decompress = zstandard.ZstdDecompressor().decompress
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Known).decode


def pack(batch: Known) -> bytes:
    """The bytes to keep."""
    return _compress(_encode(batch))


def unpack(packed: bytes) -> Known:
    """What was packed."""
    known: Known = _decode(_decompress(packed))
    return known
