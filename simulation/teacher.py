"""A teacher with one class: registers it, hands files in, asks for pipelines, changes her mind. Not always wisely."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import md5
from random import Random
from typing import Any

from batch_orchestrator_service.api_models import BatchRegistrationRequestV1, PipelineRequest, RetryRequest, WishRequest
from batch_orchestrator_service.domain.asked import BulkAction
from batch_orchestrator_service.operation_models import BulkRequest
from file_service.domain.uploads import Received
from file_service.implementations.file_intake import FileIntake

from common_core.enums import CourseCode
from common_core.messages.pipeline import ClientBatchPipelineRequestV1
from huleedu_service_libs.causes import cause_of_request
from huleedu_service_libs.errors import RefusedCommand, Unavailable
from huleedu_service_libs.runtime.answers import Claim, claiming
from simulation.services.orchestrator import Orchestrator
from simulation.services.parts import BOS, Committer
from simulation.still import VirtualClock
from simulation.story import Story
from simulation.violation import Violation

_PIPELINES = ("nlp", "nlp", "nlp", "spellcheck", "cj_assessment", "no such pipeline")
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)


@dataclass(frozen=True)
class InHand:
    """A file that a teacher hands in."""

    file: Received
    raw: bytes

    async def read(self) -> bytes:
        """See `FileInHand.read`."""
        return self.raw


@dataclass(frozen=True)
class School:
    """What teachers have to do with."""

    chance: Random
    clock: VirtualClock
    desk: Committer
    story: Story
    orchestrator: Orchestrator
    files: FileIntake
    is_away: Callable[[str], bool]
    loses_answers: Callable[[], bool]


class Teacher:
    """One class's teacher. She asks `left` more things of her own accord."""

    def __init__(self, school: School, number: int) -> None:
        self._school, self._chance, self._number = school, school.chance, number
        self._name = f"teacher-{number % 2}"
        self._size, self._handed_in, self._asked = self._chance.randint(1, 4), 0, 0
        self.batch_id: str | None = None
        self.left = self._chance.randint(5, 14)

    async def act(self) -> None:
        """The next thing that comes to her mind."""
        self.left -= 1
        if self.batch_id is None:
            await self._register()
            return
        actions = (
            self._hand_in,
            self._ask,
            self._write,
            self._retry,
            self._cancel,
            self._pause,
            self._resume,
            self._bulk,
        )
        weights = (30, 25, 5, 14, 3, 8, 12, 2)
        await self._chance.choices(actions, weights)[0](self.batch_id)

    async def go_on(self) -> None:
        """Whatever she has paused goes on."""
        if self.batch_id is not None:
            await self._resume(self.batch_id)

    async def finish(self) -> None:
        """She asks for what can still be done."""
        if self.batch_id is not None:
            await self._ask_for(self.batch_id, "nlp")

    async def _register(self) -> None:
        request = BatchRegistrationRequestV1(
            expected_essay_count=self._size, course_code=CourseCode.ENG5, user_id=self._name
        )
        register = self._school.orchestrator.batches.register_new_batch
        answer = await self._post(f"registers {self._size} essays", lambda c: register(request, c))
        self.batch_id = answer.batch_id if answer is not None else None

    async def _hand_in(self, batch_id: str) -> None:
        files = [self._file() for _ in range(self._chance.randint(1, 4))]

        async def take(correlation_id: str) -> Any:
            cause = cause_of_request(correlation_id, user_id=self._name)
            return await self._school.files.take(batch_id, self._name, files, (), cause)

        await self._once(f"hands in {len(files)} files", take)

    def _file(self) -> InHand:
        self._handed_in += 1
        name = f"{self._name}-{self._handed_in}.txt"
        essay = (
            f"Essay {self._handed_in} of {self._name}: my summer was long and warm, and I read a book a day.".encode()
        )
        raw = self._chance.choice((essay, essay, essay, essay, essay, b"Too short.", b"", _PICTURE))
        return InHand(Received(file_name=name, size_bytes=len(raw), md5=md5(raw).hexdigest()), raw)

    async def _ask(self, batch_id: str) -> None:
        await self._ask_for(batch_id, self._chance.choice(_PIPELINES))

    async def _ask_for(self, batch_id: str, pipeline: str) -> None:
        wish = PipelineRequest(requested_pipeline=pipeline)
        request = self._school.orchestrator.batches.request_pipeline
        await self._post(f"asks for {pipeline}", lambda c: request(batch_id, wish, self._name, c))

    async def _write(self, batch_id: str) -> None:
        """The same as a message."""
        unit = self._school.desk.begin("client", "client")
        wish = self._chance.choice(_PIPELINES)
        unit.say(
            ClientBatchPipelineRequestV1(
                batch_id=batch_id,
                requested_pipeline=wish,
                client_correlation_id=self._correlation(),
                user_id=self._name,
            )
        )
        self._school.desk.commit(unit)

    async def _retry(self, batch_id: str) -> None:
        phase = self._chance.choice(("spellcheck", "nlp", "nlp", "student_matching"))
        chosen = await self._some_essays(batch_id) if self._chance.random() < 0.3 else None
        wish = RetryRequest(essay_ids=chosen)
        retry = self._school.orchestrator.control.retry
        await self._post(f"retries {phase}", lambda c: retry(batch_id, phase, wish, self._name, c))

    async def _some_essays(self, batch_id: str) -> list[str]:
        timeline = await self._school.orchestrator.batches.timeline(batch_id, self._name, 0, 1)
        essays: list[str] = timeline.facts[0].data["essay_ids"]
        return self._chance.sample(essays, self._chance.randint(1, len(essays)))

    async def _cancel(self, batch_id: str) -> None:
        cancel = self._school.orchestrator.control.cancel
        await self._post("cancels", lambda c: cancel(batch_id, WishRequest(reason="over"), self._name, c))

    async def _pause(self, batch_id: str) -> None:
        pause = self._school.orchestrator.control.pause
        await self._post("pauses", lambda c: pause(batch_id, WishRequest(), self._name, c))

    async def _resume(self, batch_id: str) -> None:
        resume = self._school.orchestrator.control.resume
        await self._post("resumes", lambda c: resume(batch_id, WishRequest(), self._name, c))

    async def _bulk(self, batch_id: str) -> None:
        action = self._chance.choice(list(BulkAction))
        owner = self._chance.choice((None, self._name))
        wish = BulkRequest(action=action, user_id=owner, per_second=self._chance.choice((0.01, 1.0)))
        await self._post(f"has an operator {action} all", lambda c: self._school.orchestrator.bulk.ask(wish, c))

    async def _post(self, what: str, ask: Callable[[str], Awaitable[Any]]) -> Any:
        """Ask BOS under a key, and again if the answer is lost: it must be the same one (I10)."""
        if self._school.is_away(BOS):
            return None
        key = self._correlation()
        answer = await self._once(what, lambda c: self._claimed(key, ask, c))
        if answer is None or not self._school.loses_answers():
            return answer
        again = await self._once(f"{what} again", lambda c: self._claimed(key, ask, c))
        if again != answer:
            raise Violation("I10", self.batch_id or "", f"{what}: {answer} and then {again}")
        return again

    async def _claimed(self, key: str, ask: Callable[[str], Awaitable[Any]], correlation_id: str) -> Any:
        known = self._school.orchestrator.transactions.answers.get(key)
        if known is not None:
            return known
        with claiming(Claim(service=BOS, scope=self._name, key=key, fingerprint=b"", status=202)):
            return await ask(correlation_id)

    async def _once(self, what: str, ask: Callable[[str], Awaitable[Any]]) -> Any:
        """The answer, or None if it is refused or somebody is away."""
        story, at = self._school.story, self._school.clock()
        try:
            answer = await ask(self._correlation())
        except (RefusedCommand, Unavailable) as refused:
            story.happened(at, self._name, f"{what}: {getattr(refused, 'code', 'UNAVAILABLE')}", self.batch_id or "")
            return None
        story.happened(at, self._name, what, self.batch_id or str(getattr(answer, "batch_id", "")))
        return answer

    def _correlation(self) -> str:
        self._asked += 1
        return f"class-{self._number}-{self._asked}"
