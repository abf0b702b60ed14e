"""An essay's spell-checking metrics in 14 bytes, where JSON takes 130: they are kept for every essay."""

import msgspec

from common_core.shared import SpellcheckMetricsV1


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    total_corrections: int
    l2_dictionary_corrections: int
    spellchecker_corrections: int
    word_count: int
    correction_density: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def pack(metrics: SpellcheckMetricsV1 | None) -> bytes | None:
    """As they are stored."""
    return None if metrics is None else _encode(_Packed(*msgspec.structs.astuple(metrics)))


def unpack(stored: bytes | None) -> SpellcheckMetricsV1 | None:
    """As they were."""
    return None if stored is None else SpellcheckMetricsV1(**msgspec.structs.asdict(_decode(stored)))
