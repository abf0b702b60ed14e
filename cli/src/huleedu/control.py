"""`huleedu cancel`, `pause`, `resume`, `retry` and `timeline`: what is decided about batches, and what was."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from huleedu.api import Json, running_api

_SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


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
    begun = ago(since)
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


def span(text: str) -> timedelta:
    """A length of time such as 90s, 30m, 1h or 2d. Raises Unclear."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if found is None:
        raise Unclear(f"{text!r} is no length of time: write 90s, 30m, 1h or 2d.")
    return timedelta(**{_SPANS[found[2]]: int(found[1])})


def ago(text: str) -> str:
    """The moment so long ago, as RFC 3339 writes it. Raises Unclear."""
    try:
        return (datetime.now(UTC) - span(text)).isoformat()
    except OverflowError:
        raise Unclear(f"{text} ago there were no batches.") from None


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
        begun = (
            f"Operation {answer.get('operation_id')} is under way: `huleedu operation {answer.get('operation_id')}`."
        )
        console.print(answer.get("message", begun))


def _in_words(fact: Json) -> str:
    kind = fact["kind"].removeprefix("batch_orchestrator.").removeprefix("huleedu.")
    about = [
        str(fact["data"][name]) for name in ("phase_name", "requested_pipeline", "run_id") if fact["data"].get(name)
    ]
    who = f" by {fact['who']}" if fact["who"] else ""
    why = f": {fact['why']}" if fact["why"] else ""
    return " ".join([kind, *about]) + who + why
