"""How facts and results become bytes in a row: MessagePack, compressed where that is worth it."""

from typing import Any

import msgspec
import zstandard

from common_core.enums import PhaseName
from common_core.messages.spellcheck import SpellcheckCorrection
from result_aggregator_service.domain.batch import Batch
from result_aggregator_service.domain.results import Analysis, Result, Spelling

_WORTH_IT = 200  # bytes; shorter ones hardly shrink
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"  # as MessagePack this would be a number, and a number is never stored

_encode = msgspec.msgpack.Encoder().encode
_compress = zstandard.ZstdCompressor(level=1).compress
_decompress = zstandard.ZstdDecompressor().decompress

_decode_batch = msgspec.msgpack.Decoder(Batch).decode
_decode_corrections = msgspec.msgpack.Decoder(list[SpellcheckCorrection]).decode
_decode_features = msgspec.msgpack.Decoder(dict[str, float]).decode
_decode_spelling = msgspec.msgpack.Decoder(Spelling).decode
_decode_analysis = msgspec.msgpack.Decoder(Analysis).decode


def packed(value: Any) -> bytes:
    """The value as bytes."""
    raw = _encode(value)
    return _compress(raw) if len(raw) > _WORTH_IT else raw


def _raw(stored: bytes) -> bytes:
    return _decompress(stored) if stored.startswith(_ZSTD_MAGIC) else stored


def batch_from(stored: bytes) -> Batch:
    """The batch that was packed."""
    return _decode_batch(_raw(stored))


def summary_bytes(result: Result) -> bytes | None:
    """The part of a result that every reader wants."""
    return None if result.summary is None else packed(result.summary)


def detail_bytes(result: Result) -> bytes | None:
    """The bulky part of a result, if it has one."""
    detail = result.corrections or result.features
    return packed(detail) if detail else None


def summary_from(phase: PhaseName, stored: bytes | None) -> Spelling | Analysis | None:
    """The summary of a result of that phase."""
    if stored is None:
        return None
    return _decode_spelling(_raw(stored)) if phase is PhaseName.SPELLCHECK else _decode_analysis(_raw(stored))


def corrections_from(phase: PhaseName, stored: bytes | None) -> list[SpellcheckCorrection]:
    """The corrections of a result of spell-checking."""
    return [] if stored is None or phase is not PhaseName.SPELLCHECK else _decode_corrections(_raw(stored))


def features_from(phase: PhaseName, stored: bytes | None) -> dict[str, float]:
    """The features of a result of analysis."""
    return {} if stored is None or phase is not PhaseName.NLP else _decode_features(_raw(stored))
