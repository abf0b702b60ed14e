"""Definitions are checked when they are read, and say what is wrong with them."""

from pathlib import Path

import pytest

from batch_conductor_service.config import BatchConductorSettings
from batch_conductor_service.domain.pipelines import DependencyCycle, WrongDefinition
from batch_conductor_service.implementations.yaml_catalogue import YamlCatalogueImpl
from common_core.enums import PhaseName

SPELLCHECK, NLP, CJ, FEEDBACK = PhaseName.SPELLCHECK, PhaseName.NLP, PhaseName.CJ_ASSESSMENT, PhaseName.AI_FEEDBACK


def written(folder: Path, text: str) -> YamlCatalogueImpl:
    """A school's file."""
    file = folder / "pipelines.yaml"
    file.write_text(text, encoding="utf-8")
    return YamlCatalogueImpl(file)


def test_the_package_offers_the_five_pipelines() -> None:
    offered = YamlCatalogueImpl(BatchConductorSettings().pipelines_file).read()

    assert {name: pipeline.phases for name, pipeline in offered.pipelines.items()} == {
        "spellcheck": (SPELLCHECK,),
        "nlp": (SPELLCHECK, NLP),
        "cj_assessment": (SPELLCHECK, CJ),
        "ai_feedback": (SPELLCHECK, NLP, FEEDBACK),
        "comprehensive": (SPELLCHECK, NLP, CJ, FEEDBACK),
    }


def test_only_ranking_and_feedback_need_a_prompt() -> None:
    offered = YamlCatalogueImpl(BatchConductorSettings().pipelines_file).read()

    assert {name for name, phase in offered.phases.items() if phase.needs_prompt} == {CJ, FEEDBACK}


def test_phases_come_after_what_they_depend_on_whatever_order_they_are_written_in(tmp_path: Path) -> None:
    offered = written(
        tmp_path,
        "phases: {nlp: {depends_on: [spellcheck]}, spellcheck: {}}\npipelines: {analysis: [nlp, spellcheck]}",
    ).read()

    assert offered.pipelines["analysis"].phases == (SPELLCHECK, NLP)


def test_a_cycle_is_named(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "phases: {spellcheck: {depends_on: [nlp]}, nlp: {depends_on: [spellcheck]}}\npipelines: {all: [nlp]}",
    )

    with pytest.raises(DependencyCycle, match=r"pipelines\.yaml: phases wait for each other: (\w+) -> \w+ -> \1"):
        source.read()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("phases: {nlp: {depends_on: [spellcheck]}}\npipelines: {a: [nlp]}", "nlp depends on spellcheck, which is not"),
        ("phases: {spellcheck: {}}\npipelines: {a: [nlp]}", "pipeline a has nlp, which is not defined"),
        (
            "phases: {spellcheck: {}, nlp: {depends_on: [spellcheck]}}\npipelines: {a: [nlp]}",
            "pipeline a has nlp, but not spellcheck, on which it depends",
        ),
        ("phases: {horoscope: {}}\npipelines: {a: [spellcheck]}", r"phases\.horoscope"),
        ("phases: {spellcheck: {dependson: []}}\npipelines: {a: [spellcheck]}", "dependson: Extra inputs"),
        ("phases: {spellcheck: {}}\npipelines: {}", "pipelines: Dictionary should have at least 1 item"),
        ("phases: [", "while parsing"),
        ("", "the file: Input should be"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(WrongDefinition, match=complaint):
        written(tmp_path, text).read()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(WrongDefinition, match=r"nowhere\.yaml"):
        YamlCatalogueImpl(tmp_path / "nowhere.yaml").read()
