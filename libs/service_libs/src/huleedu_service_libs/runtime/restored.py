"""A database that has just been restored begins a new life: what happened after the dump has not happened."""

from huleedu_service_libs.runtime.connection import Connection

# Replicas' common memory and streams name the epoch: what they know of the life that was undone counts no longer.
# Nobody who owned anything lives. Groups have been seen now: else the log might be swept before a group has read it.
# The relay sends all that the log still holds again: Kafka may be another one, or consumers may have been restored to
# an earlier moment. They know by event ids what they have had.
_BEGIN = """
update runtime.installation set epoch = gen_random_uuid(), since = now();
delete from runtime.member;
update runtime.work set owner = null;
update runtime.cursor set owner = null, seen_at = now();
update runtime.cursor set at = coalesce((select min(first) from runtime.log), (select next from runtime.head))
  where grp = 'relay'
"""


async def begin_anew(con: Connection) -> list[str]:
    """Make a restored database, which nobody uses yet, ready to go on from; its groups."""
    async with con.transaction():
        await con.execute(_BEGIN)
        rows = await con.fetch("select grp from runtime.cursor where grp <> 'relay' order by grp")
    return [row["grp"] for row in rows]
