"""`huleedu operation`: what operators have asked of many batches, how far that is, and an end to it."""

import json
from pathlib import Path

from rich.console import Console

from huleedu.api import Json, running_api


async def show_operations(
    console: Console, data_dir: Path, operation_id: str | None, stop: bool, as_json: bool
) -> None:
    """One of them, stopped if so wished; or the newest."""
    async with running_api(data_dir) as api:
        if operation_id is None:
            found: Json | list[Json] = await api.operations()
        elif stop:
            found = await api.stop_operation(operation_id)
        else:
            found = await api.operation(operation_id)
    if as_json:
        console.print_json(json.dumps(found))
        return
    for operation in [found] if isinstance(found, dict) else found:
        console.print(_in_words(operation), highlight=False, markup=False)
    if not found:
        console.print("Nobody has asked anything of many batches.")


def _in_words(operation: Json) -> str:
    whose = f"of {operation['user_id']}" if operation["user_id"] else "of everybody"
    phase = f" in {operation['phase']}" if operation["phase"] else ""
    since = f", changed since {operation['since'][:19]}" if operation["since"] else ""
    why = f" ({operation['reason']})" if operation["reason"] else ""
    left = f", {operation['left']} to be looked at" if operation["status"] == "running" else ""
    return (
        f"{operation['operation_id']}  {operation['action']} {whose}{phase}{since}{why}: {operation['status']},"
        f" {operation['asked']} asked of {operation['seen']} looked at{left}, {operation['per_second']:g} a second"
    )
