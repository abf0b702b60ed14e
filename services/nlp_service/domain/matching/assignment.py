"""One essay, one student: the assignment of a whole class that has the greatest weight together."""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from math import inf

Weights = Mapping[int, float]


def assigned(weights: Sequence[Weights]) -> list[int | None]:
    """For each row its column, or None: no column twice, and the sum of `weights[row][column]` the greatest there is.

    Rows are added one by one along shortest augmenting paths (R. Jonker and A. Volgenant, "A shortest augmenting path
    algorithm for dense and sparse linear assignment problems", Computing 38, 1987); a row may always go without.
    Columns are numbered from 0, weights positive; a column that a row does not name is not for it.
    """
    return _Assignment(weights).columns()


class _Assignment:
    """Each row has, beside the given columns, one of its own, negative and without weight, for going without."""

    def __init__(self, weights: Sequence[Weights]) -> None:
        self._edges = [{**row, -1 - number: 0.0} for number, row in enumerate(weights)]
        self._row_of: dict[int, int] = {}
        self._column_of: dict[int, int] = {}
        self._prices: dict[int, float] = {}

    def columns(self) -> list[int | None]:
        """Solve it."""
        for row in range(len(self._edges)):
            self._add(row)
        return [column if (column := self._column_of[row]) >= 0 else None for row in range(len(self._edges))]

    def _add(self, added: int) -> None:
        """Find the column at the end of the cheapest path; the row takes the path's first, each row on it the next."""
        losses: dict[int, float] = {}
        asked_by: dict[int, int] = {}
        settled: dict[int, float] = {}
        queue: list[tuple[float, int]] = []
        row, spent = added, 0.0
        while True:
            for column, regret in self._regrets(row):
                if column not in settled and spent + regret < losses.get(column, inf):
                    losses[column], asked_by[column] = spent + regret, row
                    heappush(queue, (spent + regret, column))
            spent, column = heappop(queue)
            while column in settled:
                spent, column = heappop(queue)
            if column not in self._row_of:
                break
            settled[column], row = spent, self._row_of[column]
        for taken, loss in settled.items():
            self._prices[taken] = self._prices.get(taken, 0.0) + spent - loss
        self._hand_on(column, asked_by, added)

    def _regrets(self, row: int) -> list[tuple[int, float]]:
        """What each column is worse for the row than its best, at the present prices."""
        worth = [(column, weight - self._prices.get(column, 0.0)) for column, weight in self._edges[row].items()]
        best = max(value for _, value in worth)
        return [(column, best - value) for column, value in worth]

    def _hand_on(self, column: int, asked_by: Mapping[int, int], added: int) -> None:
        row = asked_by[column]
        while row != added:
            given_up = self._column_of[row]
            self._row_of[column], self._column_of[row] = row, column
            column, row = given_up, asked_by[given_up]
        self._row_of[column], self._column_of[row] = row, column
