"""How a batch's associations are kept: JSON, compressed."""

import msgspec
import zstandard

from class_management_service.domain.associations import Associations

_compress = zstandard.ZstdCompressor(level=1).compress
_decompress = zstandard.ZstdDecompressor().decompress
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Associations).decode


def pack(batch: Associations) -> bytes:
    """The bytes to keep."""
    return _compress(_encode(batch))


def unpack(packed: bytes) -> Associations:
    """The associations that were packed."""
    return _decode(_decompress(packed))
