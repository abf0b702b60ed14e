"""What must hold once everything has come to rest: one function an invariant, over the books alone."""

from collections.abc import Callable, Iterator, Mapping

from chaos.books import Books, Violation
from chaos.checks import batches, clients, events, halts, streams, students, wishes

Check = Callable[[Books], Iterator[str]]

CHECKS: Mapping[str, tuple[Check, ...]] = {
    "I1": (clients.registrations_lost, events.announced_once),
    "I2": (batches.stuck,),
    "I3": (batches.changed_after_the_end,),
    "I4": (events.effects_said_twice, students.matched_otherwise_than_once),
    "I5": (batches.started_too_early,),
    "I6": (
        batches.miscounted_by_orchestrator,
        batches.miscounted_by_essays,
        batches.gathered_otherwise,
        students.essays_lost_in_matching,
        students.authors_known_otherwise,
        students.named_after_another,
    ),
    "I7": (events.lost, events.never_carried, events.left_over, halts.commanded_otherwise),
    "I8": (events.out_of_order,),
    "I9": (students.guests_matched, students.went_on_unconfirmed, students.decided_by_nobody),
    "I10": (
        clients.answered_differently,
        clients.more_batches_than_keys,
        clients.uploads_kept_wrongly,
        students.decisions_lost,
        wishes.done_more_than_once,
        wishes.accepted_and_not_done,
        wishes.retried_otherwise,
    ),
    "I11": (events.taken_twice,),
    "I12": (
        halts.commanded_while_halted,
        halts.sent_while_halted,
        halts.late_outcomes_dropped,
        halts.answers_unaccounted_for,
        students.decided_after_cancellation,
    ),
    "I14": (streams.facts_not_shown, streams.streamed_otherwise, streams.snapshots_out_of_place),
    "I15": (events.cursors_moved_back, events.never_said),
    "I16": (clients.strangers_answered, wishes.refused_without_reason),
    "I17": (batches.unlike_their_timeline,),
    "I18": (clients.drained_badly,),
    "poison": (events.unplanted_letters, events.poison_not_set_aside),
}
SHOWN = 20  # violations of one check that are told one by one


def violations(books: Books) -> list[Violation]:
    """All that is wrong; of one check at most a few, and then how many more there are."""
    found: list[Violation] = []
    for invariant, checks in CHECKS.items():
        for check in checks:
            complaints = list(check(books))
            if len(complaints) > SHOWN:
                complaints = [*complaints[:SHOWN], f"and {len(complaints) - SHOWN} more"]
            found += [Violation(invariant, check.__name__, complaint) for complaint in complaints]
    return found
