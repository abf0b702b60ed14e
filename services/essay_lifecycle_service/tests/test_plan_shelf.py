"""Plans stay at hand, but never too many of them."""

from essay_lifecycle_service.domain.phases import Plan, plan_of
from essay_lifecycle_service.implementations.plan_shelf import PlanShelf, packed, unpacked
from essay_lifecycle_service.tests.said import id_of, spellcheck


def plan(essays: int) -> Plan:
    return plan_of(spellcheck("9b", [f"essay {n}" for n in range(essays)]), id_of("event"), "request", {"user_id": "u"})


async def test_the_plan_not_used_for_longest_makes_room() -> None:
    shelf = PlanShelf(max_essays=10)
    for phase_id in (1, 2):
        shelf.put(phase_id, plan(4))
    await shelf.get([1])
    shelf.put(3, plan(4))

    assert shelf.held == {1, 3}


async def test_a_plan_that_is_dropped_leaves_its_room() -> None:
    shelf = PlanShelf(max_essays=10)
    for phase_id in (1, 2):
        shelf.put(phase_id, plan(4))
    shelf.drop(1)
    shelf.put(3, plan(6))

    assert shelf.held == {2, 3}


def test_a_plan_is_read_as_it_was_written() -> None:
    assert unpacked(packed(plan(3))) == plan(3)
