"""What can be asked about batches that are there: which there are, what is decided about them, and what was."""

from typing import Annotated, Any

import typer

from huleedu.places import data_dir
from huleedu.terminal import AsJson, Batch, console, to_the_end

batches = typer.Typer(add_completion=False)

SomeBatch = Annotated[str | None, typer.Argument(help="The batch's id.")]
Owner = Annotated[str | None, typer.Option(help="As an operator: all batches of this user.")]
All = Annotated[bool, typer.Option("--all", help="As an operator: all batches.")]
Reason = Annotated[str | None, typer.Option(help="Why; it is kept in the timeline.")]


@batches.command()
def cancel(
    batch: SomeBatch = None, owner: Owner = None, everything: All = False, reason: Reason = None, json: AsJson = False
) -> None:
    """Work on a batch no longer, or as an operator on many."""
    _control("cancel", batch, owner, everything, reason, json)


@batches.command()
def pause(
    batch: SomeBatch = None, owner: Owner = None, everything: All = False, reason: Reason = None, json: AsJson = False
) -> None:
    """Start nothing more for a batch, or as an operator for many."""
    _control("pause", batch, owner, everything, reason, json)


@batches.command()
def resume(
    batch: SomeBatch = None, owner: Owner = None, everything: All = False, reason: Reason = None, json: AsJson = False
) -> None:
    """Go on with a batch, or as an operator with many."""
    _control("resume", batch, owner, everything, reason, json)


def _control(
    action: str, batch: str | None, owner: str | None, everything: bool, reason: str | None, json: bool
) -> None:
    from huleedu.control import control

    wanted = {"user_id": owner, "everything": everything, "reason": reason}
    to_the_end(control(console, data_dir(), action, batch, wanted, json))


@batches.command()
def retry(
    batch: SomeBatch = None,
    phase: Annotated[str | None, typer.Argument(help="The phase: spellcheck, nlp, ...")] = None,
    essays: Annotated[list[str] | None, typer.Option("--essay", help="This one only; all that failed if none.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="As an operator: all batches with failures.")] = False,
    since: Annotated[str, typer.Option(help="With --failed: those that changed in the last 90s, 30m, 1h, 2d.")] = "1h",
    per_second: Annotated[
        float | None,
        typer.Option(min=0.001, max=1000, help="With --failed: so many batches a second; 10 if not given."),
    ] = None,
    owner: Owner = None,
    reason: Reason = None,
    json: AsJson = False,
) -> None:
    """Try essays again that have failed: of one batch in one phase, or wherever some have."""
    from huleedu.control import retry_failed, retry_phase

    if failed and batch is None:
        wanted = {"per_second": per_second, "user_id": owner, "reason": reason}
        to_the_end(retry_failed(console, data_dir(), since, wanted, json))
    elif batch is not None and phase is not None and not failed:
        chosen = {"essay_ids": essays or None, "reason": reason}
        to_the_end(retry_phase(console, data_dir(), batch, phase, chosen, json))
    else:
        raise typer.BadParameter("Say which batch and phase, or --failed for all batches.")


@batches.command()
def timeline(batch: Batch, json: AsJson = False) -> None:
    """Tell everything that has happened to a batch, in order: who asked, and why."""
    from huleedu.control import show_timeline

    to_the_end(show_timeline(console, data_dir(), batch, json))


@batches.command("list")
def list_batches(
    status: Annotated[
        list[str] | None, typer.Option(help="ready, processing, failed, ...; several times for any.")
    ] = None,
    class_id: Annotated[str | None, typer.Option("--class", help="Of this class.")] = None,
    since: Annotated[str | None, typer.Option(help="Those that changed in the last 90s, 30m, 1h, 2d.")] = None,
    owner: Owner = None,
    everything: All = False,
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 50,
    json: AsJson = False,
) -> None:
    """List your batches, the newest first, or as an operator anybody's."""
    from huleedu.listing import show_list

    wanted = _whose(owner, everything) | _given(status=status, class_id=class_id)
    to_the_end(show_list(console, data_dir(), wanted, since, limit, json))


@batches.command()
def stuck(
    longer_than: Annotated[str, typer.Option(help="Not moved for so long: 30m, 1h, 2d.")] = "1h",
    owner: Owner = None,
    everything: All = False,
    json: AsJson = False,
) -> None:
    """List batches that have not moved, why, and what would move them."""
    from huleedu.listing import show_stuck

    to_the_end(show_stuck(console, data_dir(), longer_than, _whose(owner, everything), json))


@batches.command()
def operation(
    which: Annotated[str | None, typer.Argument(help="Its id; the newest ones if not given.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Ask no further batch.")] = False,
    json: AsJson = False,
) -> None:
    """Tell how far an operation on many batches is, or stop it."""
    from huleedu.operation import show_operations

    if stop and which is None:
        raise typer.BadParameter("Say which operation to stop.")
    to_the_end(show_operations(console, data_dir(), which, stop, json))


def _whose(owner: str | None, everything: bool) -> dict[str, Any]:
    return _given(owner=owner) | ({"everyone": True} if everything else {})


def _given(**wanted: Any) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value}
