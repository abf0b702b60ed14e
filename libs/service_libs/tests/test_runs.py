"""What a poll has of one kind is handled at once, as far as the order of what is about one key allows."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st

from common_core.message import Envelope, Message
from huleedu_service_libs.runtime.delivery import Delivery, runs_of
from huleedu_service_libs.runtime.routing import Route, on_run


class Asked(Message, frozen=True, kw_only=True):
    """A question."""

    topic: ClassVar[str] = "asked"
    batch_id: str


class Answered(Message, frozen=True, kw_only=True):
    """Its answer."""

    topic: ClassVar[str] = "answered"
    batch_id: str


class Thanked(Message, frozen=True, kw_only=True):
    """The end of it."""

    topic: ClassVar[str] = "thanked"
    batch_id: str


async def never(run: Sequence[Envelope[Any]]) -> None:
    """Nothing is handled here."""


ROUTES = [on_run(Asked, never), on_run(Answered, never), on_run(Thanked, never)]
KEYS = ["b1", "b2", "b3"]


def delivered(key: str, route: Route | None, place: int = 0) -> Delivery:
    """A message under this key; without a route it could not be read."""
    error = None if route else ValueError("broken")
    return Delivery("any", key, b"", place, route=route, error=error)


def test_what_is_said_of_batch_after_batch_is_handled_kind_by_kind() -> None:
    asked, answered, _ = ROUTES

    runs = runs_of(delivered(key, route) for key in KEYS for route in (asked, answered))

    assert [(route, [each.key for each in run]) for route, run in runs] == [(asked, KEYS), (answered, KEYS)]


def test_one_key_goes_back_and_forth_as_it_was_said() -> None:
    asked, answered, _ = ROUTES

    runs = runs_of([delivered("b1", asked), delivered("b1", answered), delivered("b1", asked), delivered("b2", asked)])

    assert [(route, [each.key for each in run]) for route, run in runs] == [
        (asked, ["b1"]),
        (answered, ["b1"]),
        (asked, ["b1", "b2"]),
    ]


POLLS = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from([*ROUTES, None])), max_size=40).map(
    lambda said: [delivered(key, route, place) for place, (key, route) in enumerate(said)]
)


@given(POLLS)
def test_all_that_can_be_read_is_handled_once_and_each_key_in_order(poll: list[Delivery]) -> None:
    handled = [each for _, run in runs_of(poll) for each in run]

    for key in KEYS:
        assert [each for each in handled if each.key == key] == [
            each for each in poll if each.route and each.key == key
        ]
    assert len(handled) == sum(each.route is not None for each in poll)


@given(POLLS)
def test_a_run_is_of_one_route_and_as_long_as_it_can_be(poll: list[Delivery]) -> None:
    runs = runs_of(poll)

    assert all(each.route is route for route, run in runs for each in run)
    assert all(earlier is not later for (earlier, _), (later, _) in pairwise(runs))
