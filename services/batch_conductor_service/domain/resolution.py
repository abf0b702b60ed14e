"""What a requested pipeline comes down to for one batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from batch_conductor_service.domain.pipelines import Catalogue
from common_core.enums import PhaseName
from huleedu_service_libs.errors import Unprocessable


class UnknownPipeline(Unprocessable):
    """There is no pipeline {name}; there are {known}."""

    code = "BCS_PIPELINE_DEPENDENCY_RESOLUTION_FAILED"


class PromptMissing(Unprocessable):
    """Pipeline {name} needs the prompt that the students were given, for {phases}."""

    code = "BCS_PIPELINE_COMPATIBILITY_FAILED"


@dataclass(frozen=True)
class Done:
    """What a batch has done: the phases that gave something, and how many essays are left for each."""

    phases: frozenset[PhaseName] = frozenset()
    left: Mapping[PhaseName, int] = field(default_factory=dict)

    def covers(self, phase: PhaseName) -> bool:
        """The phase has been over every essay it could have."""
        return phase in self.phases and self.left.get(phase, 0) == 0


@dataclass(frozen=True)
class PlannedPhase:
    """A phase of a run; with `reuse`, what it gave before is used again."""

    name: PhaseName
    depends_on: tuple[PhaseName, ...]
    reuse: bool


def resolve(offered: Catalogue, name: str, *, prompt_attached: bool, done: Done) -> tuple[PlannedPhase, ...]:
    """The phases in order. Raises UnknownPipeline, or PromptMissing if a phase that is left needs one.

    A phase is used again when it is done and all it depends on is used again: otherwise its input is a new one.
    """
    pipeline = offered.pipelines.get(name)
    if pipeline is None:
        raise UnknownPipeline(name=name, known=", ".join(offered.pipelines))
    reused: set[PhaseName] = set()
    planned = []
    for phase in pipeline.phases:
        needed = offered.phases[phase].depends_on
        if done.covers(phase) and needed <= reused:
            reused.add(phase)
        depends_on = tuple(other for other in pipeline.phases if other in needed)
        planned.append(PlannedPhase(phase, depends_on, phase in reused))
    _refuse_without_prompt(offered, name, planned, prompt_attached)
    return tuple(planned)


def _refuse_without_prompt(offered: Catalogue, name: str, planned: list[PlannedPhase], prompt_attached: bool) -> None:
    needing = [phase.name for phase in planned if not phase.reuse and offered.phases[phase.name].needs_prompt]
    if needing and not prompt_attached:
        raise PromptMissing(name=name, phases=", ".join(needing))


def summary(planned: tuple[PlannedPhase, ...]) -> str:
    """The same for people."""
    to_do = [phase.name for phase in planned if not phase.reuse]
    reused = [phase.name for phase in planned if phase.reuse]
    done = f"; done already: {', '.join(reused)}" if reused else ""
    return (f"{len(to_do)} to do: {', '.join(to_do)}" if to_do else "nothing left to do") + done
