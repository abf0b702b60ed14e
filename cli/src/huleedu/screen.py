"""The terminal, as the command line writes to it."""

from rich.console import Console


def screen(*, stderr: bool = False) -> Console:
    """Text comes out as it is: file names may hold what looks like markup, and a path must not be broken in two."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)
