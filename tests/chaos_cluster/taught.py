"""Books of a class's batch whose teacher has said who wrote what, and corrected it; and what may be wrong there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batch_orchestrator_service.domain.asked import CancelAsked
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    CLASS,
    NLP,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    confirmed,
    later,
    outcome,
    provisioned,
    ready,
    registered,
    suggested,
)
from class_management_service.domain.associations import Associations, Decision, EssayMatch
from msgspec.structs import replace

from chaos.authorship import CLASSES, Author, Authorship, Matching
from chaos.books import Books, Said, Taken
from chaos.diary import Entry
from common_core.enums import AssociationValidationMethod as Method
from common_core.enums import ClassType, CourseCode
from common_core.messages.control import BatchResumedV1, BatchRunCancelledV1
from common_core.messages.matching import ValidationTimeoutProcessedV1
from tests.chaos_cluster.balanced import BALANCED, TEACHER, commanded, counts, entry, facts_shown, kept

FOUND: tuple[Fact, ...] = (
    registered("ab", CLASS),
    provisioned("ab"),
    suggested("ab"),
    confirmed(2),
    ready("ab", class_type=ClassType.REGULAR),
)
WORK: tuple[Fact, ...] = (SPELLING_THEN_ANALYSIS, outcome(SPELLCHECK, "ab"), outcome(NLP, "ab"))
LIFE = kept(*FOUND, *WORK)
STUDENTS = {"agnes": "Agnes Ceder", "bertil": "Bertil Wallin"}


def decided(student: str | None, version: int, method: Method = Method.HUMAN, at: datetime = AT) -> Decision:
    """By the teacher, unless more is said."""
    return Decision(student_id=student, method=method, by=TEACHER, at=at, version=version)


def batch_of(**essays: Decision | None) -> Associations:
    """What class management knows: each essay's decision."""
    return Associations(
        batch_id=BATCH,
        class_id=CLASS,
        course_code=CourseCode.ENG5,
        user_id=TEACHER,
        unknown_id="nobody",
        essays={each: EssayMatch(file_name=f"{each}.txt", decision=decision) for each, decision in essays.items()},
        asked_at=AT,
        waiting_since=AT,
        until=later(hours=1),
        changed_at=AT,
        version=3,
    )


AGNES, NOBODY = decided("agnes", 2), decided(None, 3)
KNOWN = batch_of(a=AGNES, b=NOBODY)
GATHERED = (
    Author(BATCH, "a", "agnes", "human", 2, "Agnes Ceder"),
    Author(BATCH, "b", None, "human", 3),
)
TAKEN_UP = tuple(Author(each.batch_id, each.essay_id, each.student_id, each.method) for each in GATHERED)
ASKED = Matching(BATCH, "", 0, answered=True)
AUTHORSHIP = Authorship(
    known={BATCH: KNOWN},
    students=STUDENTS,
    matchings=(ASKED,),
    asked=(BATCH,),
    taken_up=TAKEN_UP,
    gathered=GATHERED,
)


def confirm(version: int, choices: Mapping[str, str | None], **more: Any) -> Entry:
    """The teacher says that these students wrote these essays, and is told the version that this makes."""
    sent = {"associations": [{"essay_id": each, "student_id": student} for each, student in choices.items()]}
    told = {"status": 200, "key": f"decision {version}", "sent": sent, "answer": f'{{"version": {version}}}'}
    return entry("confirm", 3, **(told | more))


WROTE = entry("wrote", 2, sent={"a.txt": "Agnes Ceder", "b.txt": "Bertil Wallin"})
TOO_EARLY = entry("associations", 3, status=404)
LATE = confirm(0, {}, status=409, answer='{"code": "ASSOCIATIONS_CHANGED"}', sent={"version": 1})
DECIDED = (confirm(2, {"a": "agnes", "b": "bertil"}), confirm(3, {"b": None}))
TAUGHT = replace(
    BALANCED,
    entries=(*BALANCED.entries, WROTE, TOO_EARLY, *DECIDED, LATE),
    batches={BATCH: LIFE},
    authorship=AUTHORSHIP,
    said=(*BALANCED.said[:3], *commanded(LIFE), *BALANCED.said[-2:]),
    shown=facts_shown(LIFE),
    carried=None,
)


def but(**changes: Any) -> Books:
    """With this otherwise about who wrote what."""
    return replace(TAUGHT, authorship=replace(AUTHORSHIP, **changes))


def known(**essays: Decision | None) -> Books:
    """Class management knows this instead."""
    return but(known={BATCH: batch_of(**essays)})


def lived(*facts: Fact) -> Books:
    """As if the batch had lived through this instead."""
    return replace(TAUGHT, batches={BATCH: kept(*facts)})


def told(*entries: Entry) -> Books:
    """With this told to the teacher besides."""
    return replace(TAUGHT, entries=(*TAUGHT.entries, *entries))


def without(*what: str) -> Books:
    """Without the entries of these kinds."""
    return replace(TAUGHT, entries=[each for each in TAUGHT.entries if each.what not in what])


def unconfirmed() -> Books:
    """The pipeline's fact stands in the timeline before the confirmation."""
    return with_facts(*FOUND[:3], *WORK, *FOUND[3:])


def waited() -> Books:
    """The batch was cancelled before the confirmation, and then took a pipeline that began after it."""
    cancelled = CancelAsked(batch_id=BATCH, correlation_id="another wish")
    return with_facts(*FOUND[:3], cancelled, WORK[0], *FOUND[3:], *WORK[1:])


def with_facts(*facts: Fact) -> Books:
    """This is what happened to the batch."""
    timeline = [(seq, AT, fact) for seq, fact in enumerate(facts, 1)]
    return replace(TAUGHT, batches={BATCH: replace(LIFE, timeline=timeline)})


EARLY = decided("agnes", 2, Method.TIMEOUT)
CANCELLED, TIMED_OUT = BatchRunCancelledV1.topic, ValidationTimeoutProcessedV1.topic
HEARD = Taken(9, CLASSES, CANCELLED, BATCH, "cancelled", head=60, transaction=1)
WOKEN = Taken(10, CLASSES, BatchResumedV1.topic, BATCH, "resumed", head=65, transaction=3)
OVERDUE = Said(70, TIMED_OUT, BATCH, "time is up", transaction=2)

DOCTORED_STUDENTS: dict[str, list[Books]] = {
    "guests_matched": [
        replace(BALANCED, phases=(*BALANCED.phases, counts("student_matching"))),
        replace(BALANCED, authorship=Authorship(matchings=(ASKED,))),
        replace(BALANCED, authorship=Authorship(known={BATCH: KNOWN})),
        replace(BALANCED, authorship=Authorship(asked=(BATCH,))),
        replace(BALANCED, authorship=Authorship(taken_up=TAKEN_UP)),
        replace(BALANCED, authorship=Authorship(gathered=GATHERED)),
    ],
    "went_on_unconfirmed": [unconfirmed()],
    "decided_by_nobody": [known(a=EARLY, b=NOBODY), without("confirm")],
    "matched_otherwise_than_once": [
        but(matchings=(ASKED, replace(ASKED, attempt=1))),
        but(matchings=(replace(ASKED, answered=False),)),
        but(matchings=()),
    ],
    "essays_lost_in_matching": [but(known={}), known(a=AGNES), known(a=AGNES, b=None)],
    "authors_known_otherwise": [
        but(taken_up=TAKEN_UP[:1]),
        but(taken_up=(TAKEN_UP[0], replace(TAKEN_UP[1], student_id="bertil"))),
        but(gathered=GATHERED[:1]),
        but(gathered=(GATHERED[0], replace(GATHERED[1], version=2))),
        known(a=AGNES, b=None),
    ],
    "named_after_another": [
        known(a=decided("bertil", 2), b=NOBODY),
        but(gathered=(replace(GATHERED[0], name="Bertil Wallin"), GATHERED[1])),
        without("wrote"),
    ],
    "decisions_lost": [
        but(known={}),
        told(confirm(4, {})),
        told(confirm(3, {"a": "bertil"})),
        known(a=AGNES, b=decided("bertil", 2)),
    ],
    "decided_after_cancellation": [
        replace(TAUGHT, taken=(*TAUGHT.taken, HEARD), said=(*TAUGHT.said, OVERDUE)),
    ],
}
