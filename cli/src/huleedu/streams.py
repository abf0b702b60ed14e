"""A batch's events as they happen: where the stream breaks off it is asked to go on, without gap or repeat."""

import json
from collections.abc import AsyncGenerator

import msgspec

from huleedu.api import LOST, PATIENCE, Api, Json, Refused, pause
from huleedu_service_libs.event_streams.reading import EventReader, StreamedEvent


async def events(api: Api, batch_id: str | None = None, last: str | None = None) -> AsyncGenerator[StreamedEvent, None]:
    """What happens to the batch, or to all of the user's, from after the event `last` on; else a snapshot comes first.

    It does not end. Raises Refused, or what keeps it from going on once that has lasted too long.
    """
    tries = 0
    while True:
        reader = EventReader()
        try:
            async with api.stream(batch_id, last) as content:
                async for chunk in content.iter_any():
                    for event in reader.feed(chunk):
                        tries, last = 0, event.id
                        yield event
        except (*LOST, TimeoutError, Refused) as error:
            tries += 1
            if tries == PATIENCE or (isinstance(error, Refused) and error.status != 503):
                raise
        await pause()


class Seen(msgspec.Struct, frozen=True):
    """An event, and the batch's status as its client knows it by now."""

    event: StreamedEvent
    status: Json


async def watched(api: Api, batch_id: str) -> AsyncGenerator[Seen, None]:
    """Every event of the batch, without end, each with the status that it leads to."""
    status: Json = {}
    async for event in events(api, batch_id):
        data = json.loads(event.data)
        if event.event == "snapshot":
            status = data["batch"]
        elif event.event == "fact":
            status = await api.status(batch_id)
        elif event.event == "progress":
            status = _with_progress(status, data)
        yield Seen(event, status)


def _with_progress(status: Json, told: Json) -> Json:
    """The status with how far a phase of its last run is now."""
    if not status["runs"] or status["runs"][-1]["run_id"] != told["run_id"]:
        return status
    now = told["progress"]
    phases = [now if each["phase"] == now["phase"] else each for each in status["progress"]["phases"]]
    return status | {"progress": status["progress"] | {"phases": phases}}
