"""The correlation id: what ties a request to everything that follows from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID, uuid4

CORRELATION_HEADER = "X-Correlation-ID"

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def current_correlation_id() -> str | None:
    """The id of the request or message being worked on, if any."""
    return _current.get()


def correlation_id_from(header: str | None) -> str:
    """The header's id in its canonical spelling when it is a UUID, a new one otherwise."""
    try:
        return str(UUID(header or ""))
    except ValueError:
        return str(uuid4())


@contextmanager
def correlated(correlation_id: str) -> Iterator[str]:
    """Within: everything logged, asked of others or said carries this id."""
    token = _current.set(correlation_id)
    try:
        yield correlation_id
    finally:
        _current.reset(token)
