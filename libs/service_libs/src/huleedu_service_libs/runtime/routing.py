"""A group of readers, as data: which messages it handles and how."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from common_core.message import Envelope, M, Message
from huleedu_service_libs.runtime.unit_of_work import Table

P = TypeVar("P")
R = TypeVar("R")


class Prepared(msgspec.Struct, Generic[M, P], frozen=True):
    """A message and what was worked out for it before the transaction opened."""

    envelope: Envelope[M]
    result: P


@dataclass(frozen=True)
class Route:
    """How one kind of message is handled. Made by `on`, `on_run` or `on_prepared`."""

    message: type[Message]
    handle: Callable[[Any], Awaitable[None]]
    in_runs: bool = False
    with_states: bool = True
    idempotent: bool = False
    prepare: Callable[[Any], Awaitable[Any]] | None = None


@dataclass(frozen=True)
class WorkRoute:
    """How one kind of work item is done. Made by `work`."""

    message: type[Message]
    perform: Callable[[Any], Awaitable[Any]]
    conclude: Callable[[Any, Any], Awaitable[None]]
    abandon: Callable[[Any, Exception], Awaitable[None]] | None = None
    time_limit: float = 120.0


@dataclass(frozen=True, kw_only=True)
class Group:
    """A named reader, one process at a time; `states` is what its one-by-one handlers load by message key."""

    name: str
    routes: tuple[Route, ...]
    work: tuple[WorkRoute, ...] = ()
    states: Table[Any] | None = None
    max_messages: int = 1000
    prepare_seconds: float = 0.2
    max_jobs: int = 4


def on(message: type[M], handle: Callable[[M], Awaitable[None]]) -> Route:
    """Handle these one by one, with the states of all in a poll read and written in one statement each.

    The same route serves a timer (`Later`) of that message.
    """
    return Route(message, handle)


def on_run(
    message: type[M],
    handle: Callable[[Sequence[Envelope[M]]], Awaitable[None]],
    *,
    with_states: bool = False,
    idempotent: bool = False,
) -> Route:
    """Handle all messages of this kind in a poll at once, as far as their order under each key allows.

    `with_states`: read the states under their keys beforehand, with those of the poll's other messages.
    `idempotent`: the keys of the rows that it writes make the effect unique, however often and late a message comes;
    the inbox leaves these messages out.
    """
    return Route(message, handle, in_runs=True, with_states=with_states, idempotent=idempotent)


def on_prepared(
    message: type[M],
    prepare: Callable[[Envelope[M]], Awaitable[P]],
    handle: Callable[[Sequence[Prepared[M, P]]], Awaitable[None]],
) -> Route:
    """Like `on_run`, after `prepare` has done the I/O or heavy work for each message outside the transaction.

    `prepare` may raise `Unavailable`: then the group waits at that message.
    """
    return Route(message, handle, in_runs=True, with_states=False, prepare=prepare)


def work(
    message: type[M],
    perform: Callable[[M], Awaitable[R]],
    conclude: Callable[[M, R], Awaitable[None]],
    abandon: Callable[[M, Exception], Awaitable[None]] | None = None,
    time_limit: float = 120.0,
) -> WorkRoute:
    """Do items of this kind: `perform` outside any transaction, `conclude` (or `abandon`, for good) inside one.

    `time_limit` is in seconds for one attempt.
    """
    return WorkRoute(message, perform, conclude, abandon, time_limit)
