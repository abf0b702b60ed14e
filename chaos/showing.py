"""What BOS has put into its log to be streamed."""

from hashlib import blake2b

import asyncpg
import msgspec
import zstandard
from batch_orchestrator_service.implementations.stream_events import BatchStreamEvent

from chaos.books import Shown
from huleedu_service_libs.runtime import log

TOPIC = log.topic_of(BatchStreamEvent)
_SHOWN = "select first, payload from runtime.log where topic = $1 order by first"
_unzip = zstandard.ZstdDecompressor().decompress


class _Fact(msgspec.Struct):
    seq: int = 0


class _Streamed(msgspec.Struct):
    user_id: str
    event: str
    data: msgspec.Raw
    batch_id: str | None = None


class _StreamedEnvelope(msgspec.Struct):
    data: _Streamed


_streamed = msgspec.json.Decoder(_StreamedEnvelope).decode
_fact = msgspec.json.Decoder(_Fact).decode


async def shown(dsn: str) -> list[Shown]:
    """All that stands in BOS's log to be streamed, in order."""
    con = await asyncpg.connect(dsn)
    try:
        rows = await con.fetch(_SHOWN, TOPIC)
    finally:
        await con.close()
    return [
        _shown(place, _streamed(raw).data)
        for row in rows
        for place, raw in enumerate(_unzip(row["payload"]).split(b"\n"), row["first"] + 1)
    ]


def _shown(place: int, told: _Streamed) -> Shown:
    raw = bytes(told.data)
    seq = _fact(raw).seq if told.event == "fact" else 0
    return Shown(place, told.user_id, told.batch_id or "", told.event, digest(raw), seq)


def digest(data: bytes) -> str:
    """What two equal events have in common."""
    return blake2b(data, digest_size=8).hexdigest()
