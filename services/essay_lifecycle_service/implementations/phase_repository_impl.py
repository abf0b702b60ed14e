"""Phases in memory: the rules of `domain.phases` and nothing else."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common_core.enums import PhaseName
from essay_lifecycle_service.domain.phases import (
    NOT_IN_TIME,
    Address,
    Answer,
    Cancellation,
    EndedPhase,
    Hold,
    KnownPhase,
    Load,
    PhaseStep,
    Plan,
    Progress,
    Release,
    Standing,
    Verdict,
    is_new,
    release,
)
from essay_lifecycle_service.domain.window import Grant, Line, Owner, Policy, Waiting, grants


@dataclass
class KeptPhase:
    """A phase, how many of its essays were sent, and what became of them."""

    phase_id: int
    plan: Plan
    opened_at: datetime
    place: int
    sent: int = 0
    is_held: bool = False
    is_open: bool = True
    superseded: bool = False
    verdicts: dict[str, tuple[datetime, Verdict]] = field(default_factory=dict)

    @property
    def progress(self) -> Progress:
        """The counts."""
        failed = sum(verdict.error_code is not None for _, verdict in self.verdicts.values())
        total = len(self.plan.essays)
        waiting = total - self.sent if self.is_open else 0
        return Progress(total=total, waiting=waiting, succeeded=len(self.verdicts) - failed, failed=failed)

    @property
    def known(self) -> KnownPhase:
        """As the rules see it."""
        return KnownPhase(self.phase_id, self.plan.run_id, self.plan.attempt, self.is_open, self.progress)

    def means(self, address: Address) -> bool:
        """Whether this attempt is open, and meant."""
        mine = self.plan.address
        return (
            self.is_open
            and address.batch_id == mine.batch_id
            and address.run_id in (None, mine.run_id)
            and address.attempt in (None, mine.attempt)
        )

    def count_in(self, answer: Answer, at: datetime) -> bool:
        """Keep what was asked and not answered yet."""
        asked = {ref.essay_id for ref in self.plan.essays[: self.sent]}
        if answer.essay_id not in asked or answer.essay_id in self.verdicts:
            return False
        self.verdicts[answer.essay_id] = (at, answer.verdict)
        return True

    def owes(self, answer: Answer) -> bool:
        """Whether it was closed without this answer."""
        _, verdict = self.verdicts.get(answer.essay_id, (None, None))
        unanswered = self.superseded if verdict is None else verdict == NOT_IN_TIME
        return not self.is_open and answer.address == self.plan.address and unanswered

    def close(self, at: datetime) -> None:
        """Whoever is not answered has failed."""
        for ref in self.plan.essays:
            self.verdicts.setdefault(ref.essay_id, (at, NOT_IN_TIME))
        self.sent = len(self.plan.essays)

    def supersede(self) -> None:
        """It is over, and nothing is to be said of it."""
        self.superseded = self.superseded or self.is_open
        self.is_open = False

    def end(self) -> EndedPhase:
        """Close it."""
        self.is_open = False
        verdicts = {essay_id: verdict for essay_id, (_, verdict) in self.verdicts.items()}
        return EndedPhase(plan=self.plan, verdicts=verdicts)


class InMemoryPhaseRepositoryImpl:
    """See `PhaseRepositoryProtocol`."""

    def __init__(self, policy: Policy) -> None:
        """The policy says how many essays of a phase are out at once, and whose."""
        self._policy = policy
        self._numbers = itertools.count(1)
        self._served: Counter[tuple[PhaseName, str]] = Counter()
        self.phases: list[KeptPhase] = []
        self.discarded: set[tuple[int, str]] = set()
        self._holds: dict[str, Hold] = {}
        self._cancelled: set[Cancellation] = set()

    async def open(self, phase: PhaseName, plans: Sequence[Plan], at: datetime) -> PhaseStep:
        """One by one; what a new one supersedes is closed first. Then see whose turn it is."""
        ended = []
        for plan in plans:
            mine = [kept for kept in self._of(phase) if kept.plan.batch_id == plan.batch_id]
            if Cancellation(plan.batch_id, plan.run_id) in self._cancelled:
                continue
            if is_new(plan, [kept.known for kept in mine]):
                kept = self._take_up(plan, mine, at)
                ended += [] if plan.essays else [kept.end()]
        return PhaseStep(releases=self._let_out(phase), ended=ended, load=self._load(phase))

    def _take_up(self, plan: Plan, mine: Sequence[KeptPhase], at: datetime) -> KeptPhase:
        for kept in mine:
            kept.supersede()
        held, place = self._is_held(plan.batch_id), next(self._numbers)
        self.phases.append(KeptPhase(len(self.phases), plan, at, place, is_held=held))
        return self.phases[-1]

    async def record(self, phase: PhaseName, answers: Sequence[Answer], at: datetime) -> PhaseStep:
        """One by one; then see which phases are over."""
        moved: dict[int, KeptPhase] = {}
        unused = []
        for answer in answers:
            kept = self._meant(phase, answer.address)
            if kept is not None and kept.count_in(answer, at):
                moved[kept.phase_id] = kept
            else:
                unused.append(answer)
        ended = [kept.end() for kept in moved.values() if kept.progress.is_over]
        return PhaseStep(
            advanced=[Standing(kept.plan, kept.progress) for kept in moved.values() if kept.is_open],
            ended=ended,
            releases=self._let_out(phase),
            load=self._load(phase),
            unused=len(unused),
            discarded=self._discard(phase, unused),
        )

    def _discard(self, phase: PhaseName, unused: Sequence[Answer]) -> int:
        before = len(self.discarded)
        self.discarded |= {
            (kept.phase_id, answer.essay_id) for answer in unused for kept in self._of(phase) if kept.owes(answer)
        }
        return len(self.discarded) - before

    async def close(self, phase: PhaseName, addresses: Sequence[Address], at: datetime) -> PhaseStep:
        """One by one; then see whose turn it is."""
        ended = []
        for address in addresses:
            kept = self._meant(phase, address)
            if kept is not None:
                kept.close(at)
                ended.append(kept.end())
        return PhaseStep(ended=ended, releases=self._let_out(phase), load=self._load(phase))

    async def hold(self, holds: Sequence[Hold]) -> Mapping[PhaseName, PhaseStep]:
        """The last word on each batch."""
        for hold in holds:
            self._holds[hold.batch_id] = max(self._holds.get(hold.batch_id, hold), hold, key=lambda each: each.version)
        for kept in self.phases:
            kept.is_held = self._is_held(kept.plan.batch_id)
        return self._let_all_out()

    async def cancel(self, cancelled: Sequence[Cancellation], at: datetime) -> Mapping[PhaseName, PhaseStep]:
        """They are remembered for commands that come late."""
        self._cancelled.update(cancelled)
        for kept in self.phases:
            if Cancellation(kept.plan.batch_id, kept.plan.run_id) in self._cancelled:
                kept.supersede()
        return self._let_all_out()

    def _is_held(self, batch_id: str) -> bool:
        hold = self._holds.get(batch_id)
        return hold is not None and hold.waits

    def _meant(self, phase: PhaseName, address: Address) -> KeptPhase | None:
        return next((kept for kept in reversed(self._of(phase)) if kept.means(address)), None)

    def _let_all_out(self) -> Mapping[PhaseName, PhaseStep]:
        return {phase: PhaseStep(releases=self._let_out(phase), load=self._load(phase)) for phase in PhaseName}

    def _of(self, phase: PhaseName) -> list[KeptPhase]:
        return [kept for kept in self.phases if kept.plan.phase == phase]

    def _load(self, phase: PhaseName) -> Load:
        counts = [kept.progress for kept in self._of(phase) if kept.is_open]
        return Load(sum(each.in_flight for each in counts), sum(each.waiting for each in counts))

    def _let_out(self, phase: PhaseName) -> list[Release]:
        in_flight: Counter[str] = Counter()
        lines: dict[str, list[KeptPhase]] = defaultdict(list)
        for kept in sorted(filter(lambda kept: kept.is_open, self._of(phase)), key=lambda kept: kept.place):
            in_flight[kept.plan.owner] += kept.progress.in_flight
            if kept.progress.waiting and not kept.is_held:
                lines[kept.plan.owner].append(kept)
        given = grants(self._policy, in_flight.total(), [self._line(phase, in_flight, *line) for line in lines.items()])
        return [self._send(phase, each) for each in given]

    def _line(self, phase: PhaseName, in_flight: Counter[str], name: str, batches: Sequence[KeptPhase]) -> Line:
        waiting = [Waiting(kept.phase_id, kept.sent, kept.progress.waiting) for kept in batches]
        return Line(Owner(name, in_flight[name], self._served[phase, name]), waiting)

    def _send(self, phase: PhaseName, grant: Grant) -> Release:
        kept = self.phases[grant.phase_id]
        kept.sent += grant.count
        kept.place = next(self._numbers) if grant.to_end else kept.place
        self._served[phase, kept.plan.owner] = next(self._numbers)
        return release(kept.plan, grant.sent, grant.count)
