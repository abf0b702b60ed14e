"""What all commands share: the two screens, options that several have, and how a command is run to its end."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from huleedu.screen import screen

console = screen()
errors = screen(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Batch = Annotated[str, typer.Argument(help="The batch's id.")]


def to_the_end(command: Coroutine[Any, Any, Any]) -> None:
    """Run it on the fast event loop where there is one; what went wrong is told in one line."""
    try:
        _run(command)
    except BaseException:
        from huleedu.trouble import told  # it knows every part there is, and a start need not wait for that

        with told(errors):
            raise


def _run(command: Coroutine[Any, Any, Any]) -> None:
    if sys.platform == "win32":
        asyncio.run(command)
    else:
        import uvloop

        uvloop.run(command)
