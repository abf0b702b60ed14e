"""`huleedu cancel`, `pause`, `resume`, `retry`, `timeline` and `stuck`: what is decided about batches, and what was."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from huleedu.api import Json, running_api

_SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MOVES = {
    "content": "upload the missing files, or wait until {until}",
    "pipeline_request": "request a pipeline",
    "phase_outcome": "its services answer, or its time is up at {until}",
    "next_attempt": "the next attempt begins at {until}",
    "resume": "huleedu resume {batch_id}",
}


class Unclear(Exception):
    """What was asked for does not say enough; the message says what is missing."""


async def control(
    console: Console, data_dir: Path, action: str, batch_id: str | None, wanted: Json, as_json: bool
) -> None:
    """Cancel, pause or resume a batch, or all of an owner's, or simply all. Raises Unclear."""
    async with running_api(data_dir) as api:
        if batch_id is not None:
            answer = await api.control(batch_id, action, wanted["reason"])
        else:
            answer = await api.operate({"action": action, **_whose(wanted)})
    _tell(console, answer, as_json)


async def retry_phase(console: Console, data_dir: Path, batch_id: str, phase: str, wanted: Json, as_json: bool) -> None:
    """Try essays again that failed in a phase."""
    async with running_api(data_dir) as api:
        answer = await api.retry(batch_id, phase, wanted)
    _tell(console, answer, as_json)


async def retry_failed(console: Console, data_dir: Path, since: str, wanted: Json, as_json: bool) -> None:
    """Try again what has failed in any batch that has changed since then, at a limited rate. Raises Unclear."""
    begun = (datetime.now(UTC) - span(since)).isoformat()
    async with running_api(data_dir) as api:
        answer = await api.operate({"action": "retry", "since": begun, **wanted})
    _tell(console, answer, as_json)


async def show_timeline(console: Console, data_dir: Path, batch_id: str, as_json: bool) -> None:
    """Every fact in order, with who and why."""
    async with running_api(data_dir) as api:
        facts = await api.timeline(batch_id)
    if as_json:
        console.print_json(json.dumps(facts))
        return
    for fact in facts:
        console.print(f"{fact['seq']:>4}  {fact['at'][:19]}  {_in_words(fact)}", highlight=False)


async def show_stuck(console: Console, data_dir: Path, longer_than: str, as_json: bool) -> None:
    """Batches that have not ended and not moved for so long, why, and what would move them. Raises Unclear."""
    before = datetime.now(UTC) - span(longer_than)
    async with running_api(data_dir) as api:
        unended = await api.unended_batches()
        stuck = [await api.status(each["batch_id"]) for each in unended if _time(each["updated_at"]) < before]
    if as_json:
        console.print_json(json.dumps([_stuck(status) for status in stuck]))
        return
    if not stuck:
        console.print(f"Every batch that has not ended has moved within {longer_than}.")
    for status in stuck:
        console.print(f"{status['batch_id']}: {status['status']}, last moved {status['updated_at'][:19]}")
        for wait in _stuck(status)["waits"]:
            console.print(f"  waits for {wait['what']} since {wait['since'][:19]}")
            console.print(f"  what would move it: {wait['moved_by']}")


def span(text: str) -> timedelta:
    """A length of time such as 90s, 30m, 1h or 2d. Raises Unclear."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if found is None:
        raise Unclear(f"{text!r} is no length of time: write 90s, 30m, 1h or 2d.")
    return timedelta(**{_SPANS[found[2]]: int(found[1])})


def _whose(wanted: Json) -> Json:
    """All batches only when that is said."""
    if not wanted["user_id"] and not wanted.pop("everything"):
        raise Unclear("Say which batch, or --owner NAME, or --all.")
    wanted.pop("everything", None)
    return wanted


def _tell(console: Console, answer: Json, as_json: bool) -> None:
    if as_json:
        console.print_json(json.dumps(answer))
    else:
        operation = f"Operation {answer.get('operation_id')} is under way; `huleedu timeline` tells what comes of it."
        console.print(answer.get("message", operation))


def _in_words(fact: Json) -> str:
    data = fact["data"]
    kind = fact["kind"].removeprefix("batch_orchestrator.").removeprefix("huleedu.")
    about = [str(data[name]) for name in ("phase_name", "requested_pipeline", "run_id") if data.get(name)]
    who = f" by {data['asked_by']}" if data.get("asked_by") else ""
    why = f": {data['reason']}" if data.get("reason") else ""
    return " ".join([kind, *about]) + who + why


def _stuck(status: Json) -> Json:
    about = {name: status[name] for name in ("batch_id", "status", "updated_at")}
    waits = [
        wait | {"moved_by": _MOVES[wait["what"]].format(until=wait["until"], batch_id=status["batch_id"])}
        for wait in status["waiting_for"]
    ]
    return about | {"waits": waits}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
