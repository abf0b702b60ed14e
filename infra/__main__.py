"""`python -m infra up|down|status|logs`: Apache Kafka, PostgreSQL and Redis on loopback, their data in `.infra`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from infra.keeping import KAFKA_PORT, ROOT, Note, read

FOLDER = ROOT / ".infra"
KEEPER_LOG = "keeper.log"
LOOK_EVERY_S = 0.1
LAST_LINES = 40

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.command()
def up(
    kafka_port: Annotated[int, typer.Option(min=1024, max=65535, help="Of 127.0.0.1, for clients.")] = KAFKA_PORT,
) -> None:
    """Have all three servers running, and go on without them being watched."""
    note = read(FOLDER)
    if note is None or not note.ready:
        print("Starting Apache Kafka, PostgreSQL and Redis; the first time fetches Kafka (43 MB).", file=sys.stderr)
        note = _wait_for(_launch(kafka_port))
    _show(note)


@app.command()
def down() -> None:
    """End the servers that `up` started; their data stay."""
    note = read(FOLDER)
    if note is None:
        print("Nothing is up.")
        return
    os.kill(note.pid, signal.SIGTERM)
    while read(FOLDER) is not None:
        time.sleep(LOOK_EVERY_S)
    print("All three are down.")


@app.command()
def status() -> None:
    """Where each server is, and the environment with which services use them; exit code 1 if they are not up."""
    note = read(FOLDER)
    if note is None or not note.ready:
        _fail("Nothing is up." if note is None else "The servers are starting.")
    _show(note)


@app.command()
def logs() -> None:
    """The last lines that each server said."""
    for log in sorted(FOLDER.glob("*/server.log")):
        print(f"==> {_shown(log)}")
        with log.open(encoding="utf-8", errors="replace") as lines:
            print("".join(deque(lines, LAST_LINES)))


def _launch(kafka_port: int) -> subprocess.Popen[bytes]:
    """A keeper that outlives us and our terminal; it ends at once if there is one already."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / KEEPER_LOG).open("ab") as log:
        log.truncate(0)
        return subprocess.Popen(
            [sys.executable, "-m", "infra.keeping", str(FOLDER), str(kafka_port)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_for(keeper: subprocess.Popen[bytes]) -> Note:
    while True:
        ended = keeper.poll() is not None
        note = read(FOLDER)
        if note is not None and note.ready:
            return note
        if ended and note is None:
            _fail((FOLDER / KEEPER_LOG).read_text(encoding="utf-8", errors="replace").strip())
        time.sleep(LOOK_EVERY_S)


def _show(note: Note) -> None:
    """For people and for shells: only the environment is not a comment. It holds the database's password."""
    for server in note.servers:
        remark = f"  ({server.remark})" if server.remark else ""
        print(f"# {server.name:<13} {server.address:<16} pid {server.pid:<8} {_shown(Path(server.folder))}{remark}")
    print('# In a shell from which services are started: eval "$(python3 dev.py infra status)"')
    for name, value in note.environment.items():
        print(f"export {name}={value}")


def _fail(words: str) -> NoReturn:
    print(words, file=sys.stderr)
    raise typer.Exit(1)


def _shown(path: Path) -> str:
    return os.path.relpath(path)


if __name__ == "__main__":
    app()
