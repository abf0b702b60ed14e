"""Answers kept under a client's Idempotency-Key, committed together with the effect they report."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec
from pydantic import BaseModel

from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection, Pool

_ADD = """insert into runtime.answer(service, scope, key, fingerprint, status, body)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::int[], $6::bytea[])"""
_FIND = "select fingerprint, status, body from runtime.answer where service = $1 and scope = $2 and key = $3"


class Claim(msgspec.Struct, frozen=True):
    """What a client's key stands for: whose it is, and a fingerprint of the request it came with."""

    service: str
    scope: str
    key: str
    fingerprint: bytes
    status: int


class StoredAnswer(msgspec.Struct, frozen=True):
    """The answer to be given again, as bytes of JSON."""

    claim: Claim
    body: bytes

    @classmethod
    def of(cls, claim: Claim, result: Any) -> "StoredAnswer":
        """Keep what the action returned: it is the answer's body."""
        body = result.model_dump_json().encode() if isinstance(result, BaseModel) else msgspec.json.encode(result)
        return cls(claim, body)


class AnswerSink:
    """Adds answers; a key that is there already refuses the transaction, so that an effect is never repeated."""

    async def add(self, con: Connection, rows: Sequence[StoredAnswer]) -> None:
        """Insert these."""
        answers = [(c.service, c.scope, c.key, c.fingerprint, c.status, row.body) for row in rows for c in [row.claim]]
        await con.execute(_ADD, *columns(answers))


async def find_answer(pool: Pool, claim: Claim) -> tuple[bytes, int, bytes] | None:
    """The (fingerprint, status, body) kept under this claim's key."""
    row = await pool.fetchrow(_FIND, claim.service, claim.scope, claim.key)
    return None if row is None else (row["fingerprint"], row["status"], row["body"])


_claim: ContextVar[Claim | None] = ContextVar("idempotency_claim", default=None)


def current_claim() -> Claim | None:
    """The key that the request being served came with."""
    return _claim.get()


@contextmanager
def claiming(claim: Claim) -> Iterator[None]:
    """Transactions run in here keep their result under this claim."""
    token = _claim.set(claim)
    try:
        yield
    finally:
        _claim.reset(token)
