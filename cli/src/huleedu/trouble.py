"""What a person is told when a command cannot be carried out."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import asyncpg
from batch_conductor_service.domain.pipelines import WrongDefinition
from rich.console import Console

from huleedu.addresses import AddressUnknown, NotUp
from huleedu.api import Refused
from huleedu.control import Unclear
from huleedu.dead_letters import NoSuchLetter
from huleedu.dumps import DumpFailed
from huleedu.foreground import BusFailed
from huleedu.job import JobFailed
from huleedu.places import own_command
from huleedu.platform import PortTaken
from huleedu.restore import NotRestored
from huleedu.rewinding import StillRunning
from huleedu.schemas import WrongWords
from huleedu.servers import UnusableDatabase
from huleedu.services import UnknownService
from huleedu.up import AlreadyUp
from huleedu.waiting import StillAway
from huleedu_service_libs.embedded_postgres import EmbeddedPostgresError
from huleedu_service_libs.migrations import WrongSchema
from huleedu_service_libs.runtime.database_event_bus import WrongBus
from huleedu_service_libs.settings import WrongSettings

_KNOWN = (
    AddressUnknown,
    AlreadyUp,
    BusFailed,
    DumpFailed,
    EmbeddedPostgresError,
    JobFailed,
    NoSuchLetter,
    NotRestored,
    NotUp,
    PortTaken,
    Refused,
    StillAway,
    StillRunning,
    Unclear,
    UnknownService,
    UnusableDatabase,
    WrongBus,
    WrongDefinition,
    WrongSchema,
    WrongSettings,
    WrongWords,
)
_AWAY = (
    aiohttp.ClientConnectionError,
    aiohttp.ClientPayloadError,
    asyncpg.PostgresConnectionError,
    ConnectionError,
    TimeoutError,
)


@contextmanager
def told(console: Console) -> Iterator[None]:
    """One line for what was foreseen, with exit code 1; anything else is a bug and keeps its traceback."""
    try:
        yield
    except _KNOWN as error:
        _end(console, str(error) or (type(error).__doc__ or ""))
    except _AWAY as error:
        _end(console, f"The platform does not answer ({type(error).__name__}). `{own_command()} doctor` says more.")
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        _end(console, f"{error.strerror}: {error.filename}" if error.filename else f"{error.strerror}.")
    except KeyboardInterrupt:
        console.print("Stopped.")
        sys.exit(130)


def _end(console: Console, message: str) -> None:
    console.print(message, style="red")
    sys.exit(1)
