"""The job "orchestrate": batches of no-op essays through every phase, each waiting for all essays of the one before."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Protocol

import asyncpg
import msgspec
import zstandard

from benchmarks.carriers import Carrier, OverPostgres
from benchmarks.stage import Server, stage
from common_core.enums import EssayStatus
from common_core.message import Envelope
from common_core.messages.ai_feedback import AIFeedbackResultDataV1, EssayLifecycleAIFeedbackRequestV1
from common_core.messages.content import EssayContentProvisionedV1
from common_core.messages.nlp import BatchNlpAnalysisCompletedV1, BatchNlpProcessingRequestedV2
from common_core.messages.spellcheck import SpellcheckPhaseCompletedV1
from huleedu_service_libs.runtime import Cause, Database, EventBus, Group, GroupCommit, cause_of, current_unit, on_run

SERVICES = (
    "batch_conductor_service",
    "batch_orchestrator_service",
    "essay_lifecycle_service",
    "spellchecker_service",
    "nlp_service",
    "result_aggregator_service",
)
BOS = "batch_orchestrator_service"
FEEDBACK = "ai_feedback_service"
PHASES = ("spellcheck", "nlp", "ai_feedback")
SETTINGS: dict[str, dict[str, Any]] = {
    BOS: {"available_phases": frozenset(PHASES)},
    "spellchecker_service": {"engine": "none"},
    "nlp_service": {"engine": "none"},
}
AT_ONCE = 25  # clients that register or request at the same time
PROVIDED_AT_ONCE = 1500  # essays that arrive in one transaction
PROMPT = {"references": {"student_prompt_text": {"storage_id": "0" * 32}}}

# The ids in one string: asking again and again must cost this process, which is measured, next to nothing.
_READY = """select count(*) = $2 from batch_orchestrator_service.batches
  where status = 'ready_for_pipeline_execution' and batch_id = any(string_to_array($1, ','))"""
_ENDED = """select count(*) = $2 from batch_orchestrator_service.batches
  where status = 'completed_successfully' and batch_id = any(string_to_array($1, ','))"""
_ASKED = """select count(distinct key) = $2 from runtime.log
  where topic = 'huleedu.essay.aifeedback.requested.v1' and key = any(string_to_array($1, ','))"""
_TOLD = """select count(*) = $2 from result_aggregator_service.essay_result
  where batch_id = any(string_to_array($1, ',')::uuid[])"""
# From the last answer of one phase, written, to the first request of the next, written: two polls of ELS, one of BOS.
_STEPS = (
    (SpellcheckPhaseCompletedV1.topic, BatchNlpProcessingRequestedV2.topic),
    (BatchNlpAnalysisCompletedV1.topic, EssayLifecycleAIFeedbackRequestV1.topic),
)
_SAID_WHEN = """select topic, key, min(said_at) as first, max(said_at) as last from runtime.log
  where topic = any($1::text[]) and key = any($2::text[]) group by 1, 2"""
# What each phase's service says of an essay, at the time at which it worked on it.
_ANSWERS = (SpellcheckPhaseCompletedV1.topic, BatchNlpAnalysisCompletedV1.topic, AIFeedbackResultDataV1.topic)
_SAID = "select topic, key, payload from runtime.log where topic = any($1::text[]) and key = any($2::text[])"


class _Dated(msgspec.Struct):
    event_timestamp: datetime


_dated = msgspec.json.Decoder(_Dated).decode


Prepared = AbstractAsyncContextManager[None]


class Scene(Protocol):
    """The services that are up: in one process or each in its own."""

    @property
    def dsn(self) -> str:
        """Any database of the server."""

    @property
    def server_pids(self) -> Sequence[int]:
        """Those of all servers."""

    @property
    def service_pids(self) -> Sequence[int]:
        """Those of services outside this process."""

    def while_reading(self) -> AbstractAsyncContextManager[None]:
        """Within: every group reads."""

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """What BOS answers; it must accept."""

    async def until(self, service: str, question: str, *arguments: object) -> None:
        """Wait until the service's database answers yes."""

    async def fetch(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """What the databases of all services answer."""


class Flow:
    """The real services, taken through the job."""

    def __init__(self, on: Scene, files: GroupCommit, held: set[str]) -> None:
        self.stage, self._files, self._held = on, files, held

    async def expected(self, batches: int, essays: int) -> list[str]:
        """New batches that wait for their essays."""
        ids: list[str] = []
        for start in range(0, batches, AT_ONCE):
            ids += await asyncio.gather(*(self._register(essays) for _ in range(min(AT_ONCE, batches - start))))
        return ids

    async def registered(self, batches: int, essays: int) -> list[str]:
        """New batches whose essays are all there."""
        ids = await self.expected(batches, essays)
        some = max(1, PROVIDED_AT_ONCE // essays)
        for start in range(0, batches, some):
            await self._provide(ids[start : start + some], essays)
        async with self.stage.while_reading():
            await self.stage.until(BOS, _READY, ",".join(ids), batches)
        return ids

    async def _register(self, essays: int) -> str:
        body = {"expected_essay_count": essays, "course_code": "ENG5", "user_id": "t", "student_prompt_ref": PROMPT}
        return str((await self.stage.post("/v1/batches/register", body))["batch_id"])

    async def _provide(self, batch_ids: Sequence[str], essays: int) -> None:
        async def action() -> None:
            for batch_id in batch_ids:
                current_unit().say(*(_content(batch_id) for _ in range(essays)))

        await self._files.run(action, Cause(str(uuid.uuid4())))

    async def requested(self, batch_ids: Sequence[str]) -> None:
        """Have the pipelines resolved and the first commands said."""
        for start in range(0, len(batch_ids), AT_ONCE):
            await asyncio.gather(*map(self._request, batch_ids[start : start + AT_ONCE]))

    async def _request(self, batch_id: str) -> None:
        await self.stage.post(f"/v1/batches/{batch_id}/pipelines", {"requested_pipeline": PHASES[-1]})

    async def ended(self, batch_ids: Sequence[str], essays: int) -> None:
        """Wait until BOS has ended every run and RAS knows every result that it gathers."""
        all_of_them = ",".join(batch_ids)
        await self.stage.until(BOS, _ENDED, all_of_them, len(batch_ids))
        await self.stage.until("result_aggregator_service", _TOLD, all_of_them, len(batch_ids) * essays * 2)

    async def hold(self, batches: int, essays: int) -> None:
        """Have so many new batches wait in their third phase for answers that never come."""
        batch_ids = await self.registered(batches, essays)
        self._held.update(batch_ids)
        await self.requested(batch_ids)
        async with self.stage.while_reading():
            await self.stage.until("essay_lifecycle_service", _ASKED, ",".join(batch_ids), batches)

    async def transitions(self, batch_ids: Sequence[str]) -> list[float]:
        """Milliseconds from one phase's last answer to the next one's first request, for each batch and phase."""
        topics = [topic for step in _STEPS for topic in step]
        rows = await self.stage.fetch(_SAID_WHEN, topics, list(batch_ids))
        said = {(row["key"], row["topic"]): row for row in rows}
        return [
            (said[batch_id, request]["first"] - said[batch_id, answer]["last"]).total_seconds() * 1000
            for batch_id in batch_ids
            for answer, request in _STEPS
        ]

    async def waits(self, batch_ids: Sequence[str]) -> list[float]:
        """Milliseconds from the work on the last essay of a phase to that on the first of the next one.

        This is longer than `transitions`: from before the last answer is written until the first request is read.
        """
        times: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        for topic, key, payload in await self.stage.fetch(_SAID, _ANSWERS, list(batch_ids)):
            raws = zstandard.decompress(payload).split(b"\n")
            times[key, topic] += [_dated(raw).event_timestamp for raw in raws]
        return [
            (min(times[batch_id, later]) - max(times[batch_id, earlier])).total_seconds() * 1000
            for batch_id in batch_ids
            for earlier, later in pairwise(_ANSWERS)
        ]


def _content(batch_id: str) -> EssayContentProvisionedV1:
    upload = str(uuid.uuid4())
    return EssayContentProvisionedV1(
        entity_id=batch_id,
        file_upload_id=upload,
        original_file_name="essay.txt",
        raw_file_storage_id=uuid.uuid4().hex,
        text_storage_id=uuid.uuid4().hex,
        file_size_bytes=1000,
        correlation_id=upload,
        timestamp=datetime.now(UTC),
    )


@dataclass(frozen=True)
class Feedback:
    """What the third phase's service will do, less the feedback itself; essays of `held` batches get no answer."""

    held: set[str]

    async def answer(self, run: Sequence[Envelope[EssayLifecycleAIFeedbackRequestV1]]) -> None:
        """One for each."""
        for envelope in run:
            if envelope.data.parent_id not in self.held:
                current_unit().say(self._answer(envelope.data), cause=cause_of(envelope))

    @staticmethod
    def _answer(asked: EssayLifecycleAIFeedbackRequestV1) -> AIFeedbackResultDataV1:
        return AIFeedbackResultDataV1(
            entity_id=asked.entity_id,
            parent_id=asked.parent_id,
            timestamp=current_unit().now,
            status=EssayStatus.AI_FEEDBACK_SUCCESS,
            system_metadata=asked.system_metadata,
            run_id=asked.run_id,
            attempt=asked.attempt,
        )


@asynccontextmanager
async def played(on: Scene, bus: EventBus, files: str, feedback: str, prepared: Prepared) -> AsyncIterator[Flow]:
    """Stand-ins for uploads and for the third phase's service, in these databases, around services that are up."""
    in_files, in_feedback = await Database.connect(files, "file_service"), await Database.connect(feedback, FEEDBACK)
    service = Feedback(held=set())
    route = on_run(EssayLifecycleAIFeedbackRequestV1, service.answer)
    bus.subscribe(in_feedback, [Group(name=FEEDBACK, routes=(route,))])
    try:
        async with prepared:
            yield Flow(on, GroupCommit(in_files, "file_service", bus.said), service.held)
    finally:
        await asyncio.gather(in_files.close(), in_feedback.close())


@asynccontextmanager
async def flow(
    on: Server,
    name: str,
    settings: Mapping[str, Mapping[str, Any]] = {},
    carrier: Callable[[str], Carrier] = OverPostgres,
) -> AsyncIterator[Flow]:
    """The services in this process, on a database of this name."""
    async with (
        stage(on, name, SERVICES, {**SETTINGS, **settings}, carrier) as made,
        played(made, made.bus, made.dsn, made.dsn, made.carrier.prepared()) as running,
    ):
        yield running
