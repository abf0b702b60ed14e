"""Batches' associations, in bulk: read and locked in one statement, written in one, never over another's change."""

from collections.abc import Mapping, Sequence

import msgspec

from class_management_service.domain.associations import HeardEarly, Known
from class_management_service.implementations.codec import pack, unpack
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection

_READ = "select state from batch_associations where batch_id = any($1::text[]) order by batch_id for update"
# Arrays of arrays must all be of one length: essay ids come joined.
_ROWS = """unnest($1::text[], $2::bigint[], $3::bool[], $4::timestamptz[], $5::text[], $6::bytea[],
    $7::text[], $8::text[]"""
_COLUMNS = "batch_id, version, settled, updated_at, essays, state, user_id, class_id"
_INSERT = f"""insert into batch_associations(
    batch_id, version, settled, updated_at, essay_ids, state, user_id, class_id)
  select batch_id, version, settled, updated_at, string_to_array(essays, ' '), state, user_id, class_id
  from {_ROWS}) n({_COLUMNS}) on conflict (batch_id) do nothing"""
_UPDATE = f"""update batch_associations b set version = n.version, settled = n.settled, updated_at = n.updated_at,
    essay_ids = string_to_array(n.essays, ' '), state = n.state, user_id = n.user_id, class_id = n.class_id
  from {_ROWS}, $9::bigint[]) n({_COLUMNS}, known) where b.batch_id = n.batch_id and b.version = n.known"""


class AssociationsChanged(Unavailable):
    """Somebody else has decided on the batch's essays meanwhile: do it again."""


class KeptAssociations(msgspec.Struct, frozen=True):
    """A batch's associations, and the version its row had when it was read: 0 for one that has no row yet."""

    batch: Known
    known: int


class AssociationTable:
    """The table `batch_associations`, as a unit of work sees it."""

    async def read(self, con: Connection, keys: Sequence[str]) -> dict[str, KeptAssociations]:
        """The batches there are, locked in the order of their ids."""
        batches = [unpack(row["state"]) for row in await con.fetch(_READ, list(keys))]
        return {batch.batch_id: KeptAssociations(batch, batch.version) for batch in batches}

    async def write(self, con: Connection, states: Mapping[str, KeptAssociations]) -> None:
        """Insert or update all of these. Raises AssociationsChanged if one is not as it was read, or there by now."""
        new = [kept.batch for kept in states.values() if kept.known == 0]
        changed = [kept for kept in states.values() if kept.known > 0]
        if new:
            done = await con.execute(_INSERT, *columns(map(_row, new)))
            if done != f"INSERT 0 {len(new)}":
                raise AssociationsChanged
        if changed:
            known = [kept.known for kept in changed]
            done = await con.execute(_UPDATE, *columns(_row(kept.batch) for kept in changed), known)
            if done != f"UPDATE {len(changed)}":
                raise AssociationsChanged


def _row(batch: Known) -> tuple[object, ...]:
    if isinstance(batch, HeardEarly):
        return batch.batch_id, batch.version, False, batch.changed_at, "", pack(batch), "", ""
    essays, owner = " ".join(batch.essays), (batch.user_id, batch.class_id)
    return batch.batch_id, batch.version, batch.is_settled, batch.changed_at, essays, pack(batch), *owner
