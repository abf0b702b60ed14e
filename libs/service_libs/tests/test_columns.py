"""Many rows in one statement."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huleedu_service_libs.runtime.columns import columns
from libs.service_libs.tests.bus_world import PostgresWorld

ROWS = st.lists(st.tuples(st.integers(0, 9), st.none() | st.just("text"), st.none() | st.booleans()), min_size=1)


@given(rows=ROWS)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_rows_arrive_as_they_are_whatever_is_null_in_them(
    postgres_world: PostgresWorld, rows: list[tuple[int, str | None, bool | None]]
) -> None:
    question = "select * from unnest($1::int[], $2::text[], $3::bool[])"

    assert [tuple(row) for row in await postgres_world.database.pool.fetch(question, *columns(rows))] == rows


def test_a_column_of_nulls_alone_is_null() -> None:
    assert columns([(1, None, "a"), (2, None, None)]) == [[1, 2], None, ["a", None]]
