"""A correlation id is taken when it is a UUID, and made otherwise."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huleedu_service_libs.correlation import correlated, correlation_id_from, current_correlation_id


@given(st.uuids(), st.booleans())
def test_a_uuid_is_taken_in_its_canonical_spelling(uuid: UUID, upper: bool) -> None:
    header = str(uuid).upper() if upper else str(uuid)

    assert correlation_id_from(header) == str(uuid)


@given(st.none() | st.text())
def test_whatever_comes_the_id_is_a_uuid(header: str | None) -> None:
    made = correlation_id_from(header)

    assert str(UUID(made)) == made


@pytest.mark.parametrize("header", [None, "", "not-a-uuid", "1234"])
def test_without_a_uuid_each_request_gets_an_id_of_its_own(header: str | None) -> None:
    assert correlation_id_from(header) != correlation_id_from(header)


def test_the_id_is_known_within_and_gone_afterwards() -> None:
    with correlated("outer"):
        with correlated("inner"):
            assert current_correlation_id() == "inner"
        assert current_correlation_id() == "outer"
    assert current_correlation_id() is None
