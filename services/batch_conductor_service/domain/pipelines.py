"""Pipelines as a school defines them, checked once when they are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from common_core.enums import PhaseName


class WrongDefinition(Exception):
    """The pipelines' definition cannot be used."""

    code = "BCS_PIPELINE_DEPENDENCY_RESOLUTION_FAILED"


class DependencyCycle(WrongDefinition):
    """Phases of a pipeline wait for each other."""

    code = "BCS_PIPELINE_DEPENDENCY_CYCLE_DETECTED"


@dataclass(frozen=True)
class PhaseDefinition:
    """A phase: what has to be over before it starts, and whether it needs the prompt the students were given."""

    depends_on: frozenset[PhaseName] = frozenset()
    needs_prompt: bool = False


@dataclass(frozen=True)
class Pipeline:
    """Phases in an order in which each stands after all it depends on."""

    name: str
    phases: tuple[PhaseName, ...]


@dataclass(frozen=True)
class Catalogue:
    """All that a school offers. Made by `catalogue`, which checks it."""

    phases: Mapping[PhaseName, PhaseDefinition] = field(default_factory=dict)
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)


def catalogue(phases: Mapping[PhaseName, PhaseDefinition], pipelines: Mapping[str, Iterable[PhaseName]]) -> Catalogue:
    """Raises DependencyCycle or WrongDefinition, saying where."""
    _refuse_unknown_dependencies(phases)
    order = _ordered(phases)
    made = {name: _pipeline(name, frozenset(wanted), phases, order) for name, wanted in pipelines.items()}
    return Catalogue(phases, made)


def _refuse_unknown_dependencies(phases: Mapping[PhaseName, PhaseDefinition]) -> None:
    for name, definition in phases.items():
        if unknown := sorted(definition.depends_on - phases.keys()):
            raise WrongDefinition(f"phase {name} depends on {', '.join(unknown)}, which is not defined")


def _ordered(phases: Mapping[PhaseName, PhaseDefinition]) -> tuple[PhaseName, ...]:
    """Each after all it depends on; what could go either way stays as it was written."""
    sorter = TopologicalSorter({name: definition.depends_on for name, definition in phases.items()})
    written = list(phases)
    try:
        sorter.prepare()
    except CycleError as error:
        raise DependencyCycle(f"phases wait for each other: {' -> '.join(error.args[1])}") from None
    order: list[PhaseName] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=written.index)
        order += ready
        sorter.done(*ready)
    return tuple(order)


def _pipeline(
    name: str,
    wanted: frozenset[PhaseName],
    phases: Mapping[PhaseName, PhaseDefinition],
    order: tuple[PhaseName, ...],
) -> Pipeline:
    if unknown := sorted(wanted - phases.keys()):
        raise WrongDefinition(f"pipeline {name} has {', '.join(unknown)}, which is not defined")
    for phase in sorted(wanted):
        if missing := sorted(phases[phase].depends_on - wanted):
            raise WrongDefinition(f"pipeline {name} has {phase}, but not {', '.join(missing)}, on which it depends")
    return Pipeline(name, tuple(phase for phase in order if phase in wanted))
