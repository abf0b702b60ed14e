"""`huleedu list` and `stuck`: which batches there are, and why some do not move."""

import json
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from huleedu.api import Json, running_api
from huleedu.control import ago, span


async def show_list(
    console: Console, data_dir: Path, wanted: Json, since: str | None, most: int, as_json: bool
) -> None:
    """The newest batches that fit, so many at most. Raises Unclear."""
    if since is not None:
        wanted = wanted | {"since": ago(since)}
    async with running_api(data_dir) as api:
        batches = await api.batches(wanted, most)
    if as_json:
        console.print_json(json.dumps(batches))
        return
    if not batches:
        console.print("There are no such batches.")
        return
    console.print(_table(batches))
    if len(batches) == most:
        console.print(f"These are the {most} newest; --limit shows more.")


async def show_stuck(console: Console, data_dir: Path, longer_than: str, wanted: Json, as_json: bool) -> None:
    """All batches that have not ended and not moved for so long, why, and what would move them. Raises Unclear."""
    asked = wanted | {"stuck": "true", "stuck_after": span(longer_than).total_seconds()}
    async with running_api(data_dir) as api:
        stuck = [batch for batch in await api.batches(asked) if batch.get("stuck")]
    if as_json:
        console.print_json(json.dumps(stuck))
        return
    if not stuck:
        console.print(f"Every batch that has not ended has moved within {longer_than}.")
    for batch in stuck:
        told = batch["stuck"]
        console.print(f"{batch['batch_id']} of {batch['user_id']}: {batch['status']}, last moved {told['since'][:19]}")
        console.print(f"  {told['reason']}", markup=False)
        console.print(f"  what would move it: {told['remedy']}", markup=False)


def _table(batches: list[Json]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("batch", no_wrap=True)
    for heading in ("owner", "course", "status", "last changed"):
        table.add_column(heading, overflow="fold")
    table.add_column("essays", justify="right")
    for batch in batches:
        about = (batch["user_id"], batch["course_code"], batch["status"], batch["updated_at"][:19])
        table.add_row(batch["batch_id"], *about, str(batch["expected_essay_count"]))
    return table
