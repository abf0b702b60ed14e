"""Asks BOS about batches."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec

from file_service.domain.batches import BatchStanding
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerClient, PeerRefused


class _PipelineState(msgspec.Struct, frozen=True):
    """BOS's answer; `locked` and `lock_reason` only from one that says them."""

    user_id: str
    pipeline_state: dict[str, Any]
    locked: bool = False
    lock_reason: str | None = None


_decoder = msgspec.json.Decoder(_PipelineState)


class HttpBatchStandings:
    """BOS over HTTP."""

    def __init__(self, bos: PeerClient) -> None:
        self._bos = bos

    async def find(self, batch_id: str) -> BatchStanding | None:
        """See `BatchStandingsProtocol.find`."""
        try:
            answer = await self._bos.request("GET", f"/internal/v1/batches/{quote(batch_id, safe='')}/pipeline-state")
            return _standing(_decoder.decode(answer.body))
        except PeerRefused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise Unavailable(str(refused)) from refused
        except msgspec.DecodeError as unreadable:
            raise Unavailable(f"{self._bos.peer} answered something that cannot be read") from unreadable


def _standing(answer: _PipelineState) -> BatchStanding:
    phases = {
        name: detail["status"]
        for name, detail in answer.pipeline_state.items()
        if isinstance(detail, dict) and isinstance(detail.get("status"), str)
    }
    reason = answer.lock_reason or "it is closed"
    return BatchStanding(user_id=answer.user_id, phases=phases, lock_reason=reason if answer.locked else None)
