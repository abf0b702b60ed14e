"""`huleedu status` and `huleedu results`: a batch as the platform knows it."""

import json
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from huleedu import show
from huleedu.api import Api, Json, running_api
from huleedu.export import export
from huleedu.job import follow
from huleedu.show import NAMES, bars
from huleedu_service_libs.event_streams.reading import StreamedEvent


async def show_status(console: Console, data_dir: Path, batch_id: str, watch: bool, as_json: bool) -> None:
    """Where it stands; with `watch` until nothing runs any more, as JSON one line an event."""
    async with running_api(data_dir) as api:
        if watch and as_json:
            await follow(api, batch_id, lambda _: None, lambda event: console.print(_line(event)))
            return
        status = await _watched(console, api, batch_id) if watch else await api.status(batch_id)
    if as_json:
        console.print_json(json.dumps(status))
        return
    for line in described(status):
        console.print(line)
    for failure in status["failures"]:
        console.print(f"  {failure['file_name']}: {failure['message']}", style="red")


def described(status: Json) -> Iterator[str]:
    """A line for the batch, then one for each phase, for each thing it waits for, and for what comes after that."""
    yield f"{status['batch_id']}: {status['status']}"
    for phase in status["progress"]["phases"]:
        done = f"{phase['succeeded']} done, {phase['failed']} failed of {phase['total']}"
        yield f"  {NAMES[phase['phase']]:<14} {phase['status']}, {done}"
    for wait in status["waiting_for"]:
        until = f", until {wait['until']}" if wait["until"] else ""
        yield f"  waits for {' '.join(filter(None, (wait['what'], wait['phase'])))}{until}"
    if status["next_run"] is not None:
        yield f"  then {NAMES[status['next_run']['requested_pipeline']]} begins, as was asked for"


def _line(event: StreamedEvent) -> str:
    return f'{{"id":"{event.id}","event":"{event.event}","data":{event.data}}}'


async def _watched(console: Console, api: Api, batch_id: str) -> Json:
    with bars(console) as watch:
        return await follow(api, batch_id, watch)


async def show_results(console: Console, data_dir: Path, batch_id: str, target: str | None, as_json: bool) -> None:
    """As a table, as JSON, or written where they are wanted."""
    async with running_api(data_dir) as api:
        if target is not None:
            await export(api, batch_id, target)
            console.print(f"Written: {target}")
            return
        results = await api.results(batch_id)
    if as_json:
        console.print_json(json.dumps(results))
    else:
        show.show_results(console, results)
