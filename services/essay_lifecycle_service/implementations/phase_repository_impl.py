"""Phases in memory: the rules of `domain.phases` and nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common_core.enums import PhaseName
from essay_lifecycle_service.domain.phases import (
    Answer,
    EndedPhase,
    KnownPhase,
    Load,
    PhaseStep,
    Plan,
    Progress,
    Release,
    Standing,
    Verdict,
    allot,
    is_new,
    release,
)


@dataclass
class KeptPhase:
    """A phase, how many of its essays were sent, and what became of them."""

    phase_id: int
    plan: Plan
    opened_at: datetime
    sent: int = 0
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

    def means(self, answer: Answer) -> bool:
        """Whether an answer is about this phase."""
        return (
            self.is_open
            and answer.batch_id == self.plan.batch_id
            and answer.run_id in (None, self.plan.run_id)
            and answer.attempt in (None, self.plan.attempt)
        )

    def count_in(self, answer: Answer, at: datetime) -> bool:
        """Keep what was asked and not answered yet."""
        asked = {ref.essay_id for ref in self.plan.essays[: self.sent]}
        if answer.essay_id not in asked or answer.essay_id in self.verdicts:
            return False
        self.verdicts[answer.essay_id] = (at, answer.verdict)
        return True

    def end(self) -> EndedPhase:
        """Close it."""
        self.is_open = False
        verdicts = {essay_id: verdict for essay_id, (_, verdict) in self.verdicts.items()}
        return EndedPhase(plan=self.plan, verdicts=verdicts)


class InMemoryPhaseRepositoryImpl:
    """See `PhaseRepositoryProtocol`."""

    def __init__(self, window: int) -> None:
        """At most `window` essays of a phase are out at once."""
        self._window = window
        self.phases: list[KeptPhase] = []

    async def open(self, phase: PhaseName, plans: Sequence[Plan], at: datetime) -> PhaseStep:
        """One by one; what a new one supersedes is closed first."""
        releases: list[Release] = []
        ended = []
        for plan in plans:
            mine = [kept for kept in self._of(phase) if kept.plan.batch_id == plan.batch_id]
            if is_new(plan, [kept.known for kept in mine]):
                kept = self._take_up(plan, mine, at)
                releases += self._let_out(phase)
                ended += [] if plan.essays else [kept.end()]
        return PhaseStep(releases=releases, ended=ended)

    def _take_up(self, plan: Plan, mine: Sequence[KeptPhase], at: datetime) -> KeptPhase:
        for kept in mine:
            kept.superseded = kept.superseded or kept.is_open
            kept.is_open = False
        self.phases.append(KeptPhase(len(self.phases), plan, at))
        return self.phases[-1]

    async def record(self, phase: PhaseName, answers: Sequence[Answer], at: datetime) -> PhaseStep:
        """One by one; then see which phases are over."""
        moved: dict[int, KeptPhase] = {}
        used = 0
        for answer in answers:
            kept = next((kept for kept in reversed(self._of(phase)) if kept.means(answer)), None)
            if kept is not None and kept.count_in(answer, at):
                moved[kept.phase_id] = kept
                used += 1
        return PhaseStep(
            advanced=[Standing(kept.plan, kept.progress) for kept in moved.values() if not kept.progress.is_over],
            ended=[kept.end() for kept in moved.values() if kept.progress.is_over],
            releases=self._let_out(phase),
            unused=len(answers) - used,
        )

    def _of(self, phase: PhaseName) -> list[KeptPhase]:
        return [kept for kept in self.phases if kept.plan.phase == phase]

    def _let_out(self, phase: PhaseName) -> list[Release]:
        of_phase = [kept for kept in self._of(phase) if kept.is_open]
        queue = [kept for kept in of_phase if kept.progress.waiting]
        room = _load(of_phase).room(self._window)
        released = []
        for kept, share in zip(queue, allot(room, [kept.progress.waiting for kept in queue]), strict=True):
            if share:
                released.append(release(kept.plan, kept.sent, share))
                kept.sent += share
        return released


def _load(phases: Iterable[KeptPhase]) -> Load:
    counts = [kept.progress for kept in phases]
    return Load(sum(each.in_flight for each in counts), sum(each.waiting for each in counts))
