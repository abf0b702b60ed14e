"""One round of the job: many batches at once, or one after the other."""

import asyncpg

from benchmarks.flow import PHASES, Flow
from benchmarks.measure import Cost, between, read


async def at_once(running: Flow, batches: int, essays: int) -> tuple[float, Cost]:
    """Essay-phases a second and the cost, from B first commands standing in the log to the last result known."""
    batch_ids = await running.registered(batches, essays)
    await running.requested(batch_ids)
    con = await asyncpg.connect(running.stage.dsn)
    pids = running.stage.server_pids, running.stage.service_pids
    before = await read(con, *pids)
    async with running.stage.while_reading():
        await running.ended(batch_ids, essays)
        cost = between(before, await read(con, *pids))
    await con.close()
    return batches * essays * len(PHASES) / cost.seconds, cost


async def one_by_one(running: Flow, batches: int, essays: int) -> list[str]:
    """Batches that had the platform to themselves."""
    batch_ids = await running.registered(batches, essays)
    async with running.stage.while_reading():
        for batch_id in batch_ids:
            await running.requested([batch_id])
            await running.ended([batch_id], essays)
    return batch_ids
