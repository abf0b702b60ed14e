"""Batches of a class: who wrote what is found out once, decided before work goes on, and known alike to everybody."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import msgspec
from batch_orchestrator_service.domain.asked import PipelineResolved, RetryAsked
from class_management_service.domain.associations import Associations, Decision

from chaos.authorship import CLASSES
from chaos.books import Books, KeptBatch, Taken
from chaos.checks.clients import answered
from chaos.diary import Entry
from chaos.lives import life
from common_core.enums import AssociationValidationMethod as Method
from common_core.enums import PhaseName
from common_core.messages.control import BatchResumedV1, BatchRunCancelledV1
from common_core.messages.matching import ValidationTimeoutProcessedV1

Essay = tuple[str, str]
"""A batch and an essay of it."""


class _Answer(msgspec.Struct):
    version: int


_answer = msgspec.json.Decoder(_Answer).decode


def of_a_class(books: Books) -> Mapping[str, KeptBatch]:
    """The batches that were registered with a class."""
    return {batch_id: kept for batch_id, kept in books.batches.items() if kept.batch.is_regular}


def _associations(books: Books) -> Mapping[str, Associations]:
    """What class management knows of batches whose matching was answered."""
    return {key: known for key, known in books.authorship.known.items() if isinstance(known, Associations)}


def _decisions(batch: Associations) -> Mapping[str, Decision]:
    return {essay_id: essay.decision for essay_id, essay in batch.essays.items() if essay.decision}


def guests_matched(books: Books) -> Iterator[str]:
    """Students were looked for, suggested or named for essays of a batch without a class."""
    authorship = books.authorship
    matched = {phase.batch_id for phase in books.phases if phase.phase == PhaseName.STUDENT_MATCHING}
    matched |= {each.batch_id for each in authorship.matchings}
    matched |= {each.batch_id for each in (*authorship.taken_up, *authorship.gathered)}
    matched |= _associations(books).keys() | set(authorship.asked)
    for batch_id in sorted(matched & books.batches.keys() - of_a_class(books).keys()):
        yield f"batch {batch_id} entered student matching"


def went_on_unconfirmed(books: Books) -> Iterator[str]:
    """Work began on a batch of which nobody had said who wrote it, nor was its time over.

    What a cancelled batch takes waits for that; if it did not, there would be commands that no timeline calls for.
    """
    for batch_id, kept in of_a_class(books).items():
        for moment in life(kept):
            is_begin = isinstance(moment.fact, PipelineResolved | RetryAsked)
            before = moment.before
            if is_begin and before is not None and not before.matching.is_over and before.cancelled is None:
                yield f"batch {batch_id} began to be worked on at {moment.at}, unconfirmed"


def decided_by_nobody(books: Books) -> Iterator[str]:
    """A decision is a teacher's though none was asked for, or the time limit's before it was reached."""
    asked = {(entry.batch_id, entry.who) for entry in books.entries if entry.what == "confirm"}
    for batch_id, batch in _associations(books).items():
        for essay_id, decision in _decisions(batch).items():
            if decision.method is Method.TIMEOUT and decision.at < batch.until:
                yield f"essay {essay_id} of batch {batch_id} was decided on at {decision.at}, before {batch.until}"
            elif decision.method is Method.HUMAN and (batch_id, decision.by) not in asked:
                yield f"essay {essay_id} of batch {batch_id} was decided on by {decision.by}, who never did"


def matched_otherwise_than_once(books: Books) -> Iterator[str]:
    """A batch was matched twice, or was to be and was not, though it was not cancelled."""
    times = Counter(each.batch_id for each in books.authorship.matchings)
    done = {each.batch_id for each in books.authorship.matchings if each.answered}
    for batch_id, count in times.items():
        if count > 1:
            yield f"batch {batch_id} was matched {count} times"
    for batch_id, kept in of_a_class(books).items():
        if kept.batch.matching.began_at and kept.batch.cancelled is None and batch_id not in done:
            yield f"batch {batch_id} was to be matched, and was not"


def essays_lost_in_matching(books: Books) -> Iterator[str]:
    """Class management has not just the batch's essays, or not all of them decided on though BOS has heard so."""
    known = _associations(books)
    for batch_id, kept in of_a_class(books).items():
        batch, found = kept.batch, known.get(batch_id)
        ready = {batch.essays.ids[essay] for essay in batch.essays.ready}
        if found is None:
            if batch.matching.suggested_at or batch.matching.confirmation:
                yield f"batch {batch_id} went through matching, and class management does not know it"
        elif found.essays.keys() != ready:
            both = found.essays.keys() & ready
            yield f"batch {batch_id} has {len(ready)} essays, class management {len(both)} of them"
        elif found.is_settled != (batch.matching.confirmation is not None):
            yield f"batch {batch_id}: {len(found.open)} essays are open, confirmed: {batch.matching.confirmation}"


def authors_known_otherwise(books: Books) -> Iterator[str]:
    """ELS or the result aggregator knows other authors than class management has decided on."""
    taken_up = {(each.batch_id, each.essay_id): (each.student_id, each.method) for each in books.authorship.taken_up}
    gathered = {
        (each.batch_id, each.essay_id): (each.student_id, each.method, each.version)
        for each in books.authorship.gathered
    }
    decided: dict[Essay, Decision] = {}
    settled: dict[Essay, Decision] = {}
    for batch_id, batch in _associations(books).items():
        theirs = {(batch_id, essay_id): decision for essay_id, decision in _decisions(batch).items()}
        decided |= theirs
        settled |= theirs if batch.is_settled else {}
    due = {essay: (each.student_id, each.method) for essay, each in settled.items()}
    yield from _differences("ELS", taken_up, due)
    newest = {essay: (each.student_id, each.method, each.version) for essay, each in decided.items()}
    yield from _differences("the aggregator", gathered, newest)


def _differences(who: str, known: Mapping[Essay, object], due: Mapping[Essay, object]) -> Iterator[str]:
    for essay in sorted(known.keys() | due.keys()):
        if known.get(essay) != due.get(essay):
            yield f"essay {essay[1]} of batch {essay[0]} is {due.get(essay)}, for {who} {known.get(essay)}"


def named_after_another(books: Books) -> Iterator[str]:
    """An essay bears the name of a student who did not write it: batches, essays or students were mixed up."""
    wrote = {entry.batch_id: entry.sent for entry in books.entries if entry.what == "wrote"}
    names, known = books.authorship.students, _associations(books)
    told: dict[Essay, set[str]] = defaultdict(set)
    for batch_id, batch in known.items():
        for essay_id, student_id in batch.authors.items():
            told[batch_id, essay_id].add(names.get(student_id, student_id))
    for each in books.authorship.gathered:
        if each.name:
            told[each.batch_id, each.essay_id].add(each.name)
    for (batch_id, essay_id), said in sorted(told.items()):
        essay = known[batch_id].essays.get(essay_id) if batch_id in known else None
        author = wrote.get(batch_id, {}).get(essay.file_name) if essay else None
        if said != {author}:
            borne = " and ".join(sorted(said))
            yield f"essay {essay_id} of batch {batch_id} is {author}'s, and bears the name of {borne}"


def decisions_lost(books: Books) -> Iterator[str]:
    """A teacher was told that it is decided, and it is not so, though nobody has decided otherwise since."""
    known = _associations(books)
    for entry in books.entries:
        if entry.what == "confirm" and answered(entry):
            batch, version = known.get(entry.batch_id), _answer(entry.answer).version
            if batch is None or batch.version < version:
                yield f"{entry.who} was told of version {version} of batch {entry.batch_id}, which is not there"
            else:
                yield from _lost(batch, version, entry)


def _lost(batch: Associations, version: int, entry: Entry) -> Iterator[str]:
    for choice in entry.sent.get("associations", ()):
        essay = batch.essays.get(choice["essay_id"])
        decision = essay.decision if essay else None
        is_kept = decision is not None and decision.student_id == choice["student_id"]
        if not is_kept and (decision is None or decision.version <= version):
            yield f"{entry.who} decided on essay {choice['essay_id']} of batch {batch.batch_id}: {decision} is kept"
    if entry.sent.get("finish") and batch.open:
        yield f"{entry.who} decided on all of batch {batch.batch_id}, and {len(batch.open)} essays are open"


def decided_after_cancellation(books: Books) -> Iterator[str]:
    """The time limit decided on a batch that class management knew to be cancelled, and not gone on with since."""
    heard: defaultdict[str, list[Taken]] = defaultdict(list)
    for taken in sorted(books.taken, key=lambda each: each.order):
        if taken.group == CLASSES and taken.topic in (BatchRunCancelledV1.topic, BatchResumedV1.topic):
            heard[taken.key].append(taken)
    for event in books.said:
        if event.topic != ValidationTimeoutProcessedV1.topic:
            continue
        last = next((taken for taken in reversed(heard[event.key]) if taken.head <= event.offset), None)
        if last and last.topic == BatchRunCancelledV1.topic and last.transaction != event.transaction:
            yield f"batch {event.key} was decided on at {event.offset}, and known to be cancelled from {last.head} on"


def is_refused_with_reason(books: Books, entry: Entry, code: str) -> bool:
    """Somebody has decided since the teacher who wants to decide has looked."""
    batch = _associations(books).get(entry.batch_id)
    if batch is None or code != "ASSOCIATIONS_CHANGED" or "version" not in entry.sent:
        return False
    return any(decision.version > entry.sent["version"] for decision in _decisions(batch).values())


def counted(books: Books) -> Mapping[str, int]:
    """How many batches of a class there were, and how many essays were decided on by whom."""
    methods = Counter(
        decision.method.value for batch in _associations(books).values() for decision in _decisions(batch).values()
    )
    return {"batches": len(of_a_class(books)), **dict(sorted(methods.items()))}
