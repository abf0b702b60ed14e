"""A spreadsheet's cells, whatever kind of file they stood in."""

import msgspec


class Cell(msgspec.Struct, frozen=True, gc=False):
    """What a cell shows; `computed` if that is a formula or its error, which are not evaluated."""

    text: str = ""
    computed: bool = False


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row, by the number that spreadsheets show beside it."""

    number: int
    cells: tuple[Cell, ...]

    def at(self, place: int | None) -> Cell:
        """The cell in this column; empty beyond the end."""
        return self.cells[place] if place is not None and place < len(self.cells) else _EMPTY

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(cell.text for cell in self.cells)


_EMPTY = Cell()
