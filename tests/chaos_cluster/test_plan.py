"""The plan of faults follows from its seed, and has something of everything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.plan import KINDS, UnknownFault, draw, one_of_each

PROCESSES = ("batch_orchestrator_service.1", "batch_orchestrator_service.2", "file_service.1")
SEEDS = st.integers(0, 2**32)


@given(SEEDS)
def test_a_seed_brings_the_same_faults_again(seed: int) -> None:
    assert draw(seed, 100, PROCESSES, list(KINDS)) == draw(seed, 100, PROCESSES, list(KINDS))


@given(SEEDS, st.floats(0, 300))
def test_faults_come_one_after_another_within_their_time(seed: int, seconds: float) -> None:
    faults = draw(seed, seconds, PROCESSES, list(KINDS))

    ends = [0.0, *(fault.at + fault.lasts for fault in faults)]
    assert all(fault.at >= end for fault, end in zip(faults, ends, strict=False))
    assert ends[-1] <= max(seconds, 0.0)


@given(SEEDS)
def test_every_kind_comes_before_any_comes_twice(seed: int) -> None:
    faults = draw(seed, 1000, PROCESSES, list(KINDS))

    assert {fault.kind for fault in faults[: len(KINDS)]} == set(KINDS)


@given(SEEDS)
def test_a_fault_strikes_what_its_kind_is_for(seed: int) -> None:
    for fault in draw(seed, 200, PROCESSES, list(KINDS)):
        strikes = KINDS[fault.kind].strikes
        assert fault.target in (PROCESSES if strikes == "service" else (strikes,))
        assert bool(fault.point) == (fault.kind == "point-service")


@given(SEEDS)
def test_no_service_is_to_die_at_a_point_that_it_never_comes_to(seed: int) -> None:
    processes = ("batch_conductor_service.1", "content_service.1", "spellchecker_service.1")

    assert {fault.target for fault in draw(seed, 100, processes, ["point-service"])} == {"spellchecker_service.1"}


def test_only_the_chosen_kinds_come() -> None:
    kinds = one_of_each("kill-redis, cut-kafka")

    assert {fault.kind for fault in draw(1, 60, PROCESSES, kinds)} == {"kill-redis", "cut-kafka"}


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownFault, match=r"flood\. There are: kill-service"):
        one_of_each("flood")
