"""Rows as PostgreSQL takes many of them in one statement: an array for each column."""

from collections.abc import Iterable, Sequence
from typing import Any


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any] | None]:
    """An array for each column of these rows, for `unnest` of all columns together.

    A column of nulls alone is null itself: `unnest` fills it up, and the driver need not look at each of them. Not for
    `any(...)` or `cardinality(...)`.
    """
    return [None if all(value is None for value in each) else list(each) for each in zip(*rows, strict=True)]
