"""What a check says when something does not hold."""


class Violation(Exception):
    """An invariant of docs/invariants.md does not hold for this batch."""

    def __init__(self, invariant: str, batch_id: str, found: str) -> None:
        super().__init__(f"{invariant}: {found}")
        self.invariant, self.batch_id, self.found = invariant, batch_id, found
