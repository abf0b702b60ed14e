"""Putting something else in the place of one of the runtime's functions, in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def replace(place: Any, name: str, by: Callable[..., Any]) -> None:
    """Have `by` called instead of the class's or module's function of that name.

    Raises AttributeError if there is none: a mechanism that has another name by now would not be broken, nor watched.
    """
    getattr(place, name)
    setattr(place, name, by)


@contextmanager
def replaced(place: Any, name: str, by: Callable[..., Any]) -> Iterator[None]:
    """The same for a while."""
    before = place.__dict__[name] if isinstance(place, type) else getattr(place, name)
    replace(place, name, by)
    try:
        yield
    finally:
        setattr(place, name, before)
