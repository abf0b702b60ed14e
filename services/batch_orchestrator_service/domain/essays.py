"""A batch's essays: slots by number, and for each phase who came through it with which text.

Essays are numbers into the list of slots, and what belongs to them stands in parallel lists: a row of thirty essays
stays at about 2 KB. No part of a batch has cycles, so that the collector need not look at it (`gc=False`).
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from common_core.enums import PhaseName
from common_core.shared import EssayProcessingInputRefV1, SpellcheckMetricsV1


class Output(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The essays that came through a phase, and parallel to them the texts it gave them; metrics when it has some."""

    essays: tuple[int, ...]
    texts: tuple[str, ...]
    metrics: tuple[tuple[int, int, int, int, float] | None, ...] = ()


NOTHING = Output((), ())


class Essays(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The slots, their texts once content has come (None: this slot stays empty), and what phases made of these."""

    ids: tuple[str, ...]
    originals: tuple[str | None, ...] = ()
    outputs: dict[PhaseName, Output] = {}

    @property
    def ready(self) -> tuple[int, ...]:
        """The essays that have a text."""
        return tuple(essay for essay, text in enumerate(self.originals) if text is not None)

    def with_content(self, refs: Iterable[EssayProcessingInputRefV1]) -> "Essays":
        """The same with the texts that have come."""
        texts = {ref.essay_id: ref.text_storage_id for ref in refs}
        return replace(self, originals=tuple(texts.get(essay_id) for essay_id in self.ids))

    def with_texts(
        self, phase: PhaseName, essays: Iterable[int], refs: Mapping[str, EssayProcessingInputRefV1]
    ) -> "Essays":
        """The same with the texts that a phase gave to `essays`, each in place of the one that it gave before."""
        known = self.outputs.get(phase, NOTHING).essays
        texts = dict(zip(known, self.refs(known, phase), strict=True))
        texts |= {essay: refs[self.ids[essay]] for essay in essays}
        places = tuple(sorted(texts))
        given = [texts[essay] for essay in places]
        output = Output(places, tuple(ref.text_storage_id for ref in given), _metrics(given))
        return replace(self, outputs=self.outputs | {phase: output})

    def refs(self, essays: Iterable[int], source: PhaseName | None) -> list[EssayProcessingInputRefV1]:
        """These essays with the text that `source` gave them, or else with the one that was handed in."""
        output = self.outputs.get(source, NOTHING) if source else NOTHING
        place = {essay: index for index, essay in enumerate(output.essays)}
        return [self._ref(essay, output, place.get(essay)) for essay in essays]

    def _ref(self, essay: int, output: Output, place: int | None) -> EssayProcessingInputRefV1:
        if place is None:
            return EssayProcessingInputRefV1(essay_id=self.ids[essay], text_storage_id=self.originals[essay] or "")
        metrics = output.metrics[place] if output.metrics else None
        return EssayProcessingInputRefV1(
            essay_id=self.ids[essay],
            text_storage_id=output.texts[place],
            spellcheck_metrics=None if metrics is None else _unpacked(metrics),
        )


def _metrics(refs: Sequence[EssayProcessingInputRefV1]) -> tuple[tuple[int, int, int, int, float] | None, ...]:
    if all(ref.spellcheck_metrics is None for ref in refs):
        return ()
    return tuple(None if ref.spellcheck_metrics is None else _packed(ref.spellcheck_metrics) for ref in refs)


def _packed(metrics: SpellcheckMetricsV1) -> tuple[int, int, int, int, float]:
    return (
        metrics.total_corrections,
        metrics.l2_dictionary_corrections,
        metrics.spellchecker_corrections,
        metrics.word_count,
        metrics.correction_density,
    )


def _unpacked(metrics: tuple[int, int, int, int, float]) -> SpellcheckMetricsV1:
    total, learners, spelling, words, density = metrics
    return SpellcheckMetricsV1(
        total_corrections=total,
        l2_dictionary_corrections=learners,
        spellchecker_corrections=spelling,
        word_count=words,
        correction_density=density,
    )
