"""A batch's essays and a class's students: who wrote what, how sure that is, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from common_core.enums import MatchOutcome
from nlp_service.domain.matching import reasons
from nlp_service.domain.matching.assignment import assigned
from nlp_service.domain.matching.claims import Claim
from nlp_service.domain.matching.file_names import document_author_claim, file_name_claim
from nlp_service.domain.matching.names import Student, words
from nlp_service.domain.matching.policy import USUAL, WEAK_SOURCES, Policy
from nlp_service.domain.matching.reasons import Reason
from nlp_service.domain.matching.roster_index import RosterIndex
from nlp_service.domain.matching.texts import text_claims
from nlp_service.domain.matching.weighing import Candidate, candidates


@dataclass(frozen=True, slots=True)
class Essay:
    """What is known of an essay: `text` may be its beginning and end only, and is None where it could not be read."""

    essay_id: str
    text: str | None
    file_name: str | None = None
    document_author: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A student who may have written an essay; `confidence` is from 0 to 1."""

    student: Student
    confidence: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class EssayMatch:
    """What was found out about one essay, the likeliest student first; `contest` says why somebody must look at it."""

    essay_id: str
    outcome: MatchOutcome
    suggestions: tuple[Suggestion, ...] = ()
    contest: Reason | None = None


def match_class(essays: Sequence[Essay], students: Sequence[Student], policy: Policy = USUAL) -> list[EssayMatch]:
    """Match a batch's essays to a class's students, in the order of the essays.

    Neither the order of essays nor that of students makes a difference.
    """
    return _Class(essays, students, policy).matches()


class _Class:
    """Students and essays in an order of their own, with what speaks for each pair of them."""

    def __init__(self, essays: Sequence[Essay], students: Sequence[Student], policy: Policy) -> None:
        self._policy, self._given = policy, essays
        self._students = sorted(students, key=lambda student: student.student_id)
        self._essays = sorted(essays, key=lambda essay: essay.essay_id)
        index = RosterIndex(self._students)
        common = _shared_authors(essays)
        self._candidates = [candidates(_claims(essay, common), index) for essay in self._essays]
        self._assigned = assigned([self._weights(found) for found in self._candidates])
        self._claimants = self._who_claims()

    def matches(self) -> list[EssayMatch]:
        found = {essay.essay_id: self._match(number) for number, essay in enumerate(self._essays)}
        return [found[essay.essay_id] for essay in self._given]

    def _weights(self, found: Mapping[int, Candidate]) -> dict[int, float]:
        """The surer, the more it weighs: two halves must not outweigh one certainty."""
        return {
            student: candidate.confidence**2
            for student, candidate in found.items()
            if candidate.confidence >= self._policy.suggest
        }

    def _who_claims(self) -> dict[int, list[int]]:
        """For each student the essays that are likeliest to be by this student."""
        claimants: dict[int, list[int]] = {}
        for essay, found in enumerate(self._candidates):
            top = max(found.values(), key=lambda candidate: candidate.confidence, default=None)
            for candidate in found.values():
                if top is not None and candidate.confidence >= self._policy.suggest and self._is_near(top, candidate):
                    claimants.setdefault(candidate.student, []).append(essay)
        return claimants

    def _match(self, essay: int) -> EssayMatch:
        ranked = self._ranked(essay)
        essay_id = self._essays[essay].essay_id
        if not ranked:
            unread = self._essays[essay].text is None
            return EssayMatch(essay_id, MatchOutcome.FAILED if unread else MatchOutcome.NO_MATCH)
        top, contest = ranked[0], self._contest(essay, ranked)
        sure = contest is None and top.confidence >= self._policy.auto_accept
        if sure and self._essays[essay].text is not None:
            return EssayMatch(essay_id, MatchOutcome.MATCHED, (self._suggestion(top),))
        instead = contest and reasons.other_student([self._students[top.student]])
        others = (self._suggestion(each, instead) for each in ranked[1 : self._policy.most_suggestions])
        return EssayMatch(essay_id, MatchOutcome.REVIEW, (self._suggestion(top, contest), *others), contest)

    def _ranked(self, essay: int) -> list[Candidate]:
        """The likeliest first; of those that are as likely, the one whom the essay was assigned to."""
        worth = [each for each in self._candidates[essay].values() if each.confidence >= self._policy.suggest]
        ranked = sorted(worth, key=lambda each: (-each.confidence, each.student))
        chosen = [each for each in ranked if each.student == self._assigned[essay] and self._is_near(ranked[0], each)]
        return chosen + [each for each in ranked if each not in chosen]

    def _contest(self, essay: int, ranked: Sequence[Candidate]) -> Reason | None:
        """What keeps the first of them from being the only one, if anything."""
        top, student = ranked[0], self._students[ranked[0].student]
        if rivals := self._rival_essays(essay, top):
            return reasons.other_essay(student, [self._name_of(rival) for rival in rivals])
        if near := [other for other in ranked[1:] if self._is_near(top, other)]:
            return reasons.other_student(self._students[other.student] for other in near)
        for other in ranked[1:]:
            if self._contradicts(top, other):
                return reasons.disagreement(other.strongest, self._students[other.student])
        return None

    def _rival_essays(self, essay: int, top: Candidate) -> list[int]:
        """Essays for which the same student is as likely, or likelier."""
        least = top.confidence - 2 * self._policy.margin
        claimants = self._claimants.get(top.student, ())
        return [
            other for other in claimants if other != essay and self._candidates[other][top.student].confidence >= least
        ]

    def _is_near(self, top: Candidate, other: Candidate) -> bool:
        """Whether the other is hardly less likely; the very same words mean whom they name letter for letter."""
        if other.strongest.claim is top.strongest.claim and top.strongest.is_exact and not other.strongest.is_exact:
            return False
        return other.confidence >= top.confidence - self._policy.margin

    def _contradicts(self, top: Candidate, other: Candidate) -> bool:
        """Whether another place says another name, rather than the same words fitting both."""
        claim = other.strongest.claim
        elsewhere = all(sighting.claim is not claim or sighting.weight < 0.5 for sighting in top.sightings)
        enough = self._policy.objection if top.strongest.claim.source in WEAK_SOURCES else self._policy.dissent
        return elsewhere and claim.source not in WEAK_SOURCES and other.strongest.weight >= enough

    def _suggestion(self, candidate: Candidate, contest: Reason | None = None) -> Suggestion:
        student = self._students[candidate.student]
        told = reasons.reasons_for(candidate, student)
        if contest is None:
            return Suggestion(student, round(candidate.confidence, 3), tuple(told))
        confidence = min(self._policy.contested, candidate.confidence * 0.9)
        return Suggestion(student, round(confidence, 3), (*told, contest))

    def _name_of(self, essay: int) -> str:
        found = self._essays[essay]
        return f"'{found.file_name}'" if found.file_name else f"essay {found.essay_id}"


def _claims(essay: Essay, common: frozenset[tuple[str, ...]]) -> Iterator[Claim]:
    if essay.text is not None:
        yield from text_claims(essay.text)
    if essay.file_name and (claim := file_name_claim(essay.file_name)):
        yield claim
    if essay.document_author and (claim := document_author_claim(essay.document_author)) and claim.words not in common:
        yield claim


def _shared_authors(essays: Sequence[Essay]) -> frozenset[tuple[str, ...]]:
    """Whoever began several documents handed out a template, or owns the computer: no author."""
    counts = Counter(words(essay.document_author) for essay in essays if essay.document_author)
    return frozenset(author for author, count in counts.items() if count > 1)
