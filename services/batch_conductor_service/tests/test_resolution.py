"""What a requested pipeline comes down to for one batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_conductor_service.config import BatchConductorSettings
from batch_conductor_service.domain.resolution import (
    Done,
    PlannedPhase,
    PromptMissing,
    UnknownPipeline,
    resolve,
    summary,
)
from batch_conductor_service.implementations.yaml_catalogue import YamlCatalogueImpl
from common_core.enums import PhaseName

OFFERED = YamlCatalogueImpl(BatchConductorSettings().pipelines_file).read()
SPELLCHECK, NLP, CJ = PhaseName.SPELLCHECK, PhaseName.NLP, PhaseName.CJ_ASSESSMENT
PHASES = st.sampled_from(sorted(OFFERED.phases))


def planned(name: str, *done: PhaseName, left: dict[PhaseName, int] | None = None) -> tuple[PlannedPhase, ...]:
    """The plan for a batch with a prompt that has done so much."""
    return resolve(OFFERED, name, prompt_attached=True, done=Done(frozenset(done), left or {}))


def to_do(plan: tuple[PlannedPhase, ...]) -> list[PhaseName]:
    """The phases that are not reused."""
    return [phase.name for phase in plan if not phase.reuse]


def test_a_new_batch_has_everything_to_do() -> None:
    assert planned("nlp") == (PlannedPhase(SPELLCHECK, (), False), PlannedPhase(NLP, (SPELLCHECK,), False))


def test_what_is_done_is_reused() -> None:
    assert to_do(planned("nlp", SPELLCHECK)) == [NLP]


def test_nothing_left_to_do_is_an_answer() -> None:
    plan = planned("nlp", SPELLCHECK, NLP)

    assert to_do(plan) == []
    assert summary(plan) == "nothing left to do; done already: spellcheck, nlp"


def test_a_phase_with_essays_left_is_done_again_and_so_is_what_reads_from_it() -> None:
    assert to_do(planned("nlp", SPELLCHECK, NLP, left={SPELLCHECK: 2})) == [SPELLCHECK, NLP]


def test_a_pipeline_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownPipeline, match="no pipeline horoscope; there are spellcheck, nlp"):
        planned("horoscope")


def test_a_prompt_is_asked_for_only_where_it_is_needed() -> None:
    with pytest.raises(PromptMissing, match="cj_assessment"):
        resolve(OFFERED, "cj_assessment", prompt_attached=False, done=Done())

    assert to_do(resolve(OFFERED, "nlp", prompt_attached=False, done=Done())) == [SPELLCHECK, NLP]


def test_a_phase_that_is_reused_asks_for_no_prompt() -> None:
    done = Done(frozenset({SPELLCHECK, CJ}))

    assert to_do(resolve(OFFERED, "cj_assessment", prompt_attached=False, done=done)) == []


@given(
    name=st.sampled_from(sorted(OFFERED.pipelines)),
    done=st.sets(PHASES),
    left=st.dictionaries(PHASES, st.integers(0, 2)),
)
def test_each_phase_stands_after_all_it_depends_on_and_is_reused_only_on_top_of_reused_ones(
    name: str, done: set[PhaseName], left: dict[PhaseName, int]
) -> None:
    plan = planned(name, *done, left=left)

    reused = {phase.name for phase in plan if phase.reuse}
    for place, phase in enumerate(plan):
        assert {other.name for other in plan[:place]} >= set(phase.depends_on)
        assert not phase.reuse or (phase.name in done and reused >= set(phase.depends_on))
