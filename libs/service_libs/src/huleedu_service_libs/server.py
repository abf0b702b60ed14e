"""Serving apps by Hypercorn: many in one event loop, each on its port, all stopped by one event."""

import asyncio
import errno
import logging
import socket
import sys
from dataclasses import dataclass

from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets
from hypercorn.utils import wrap_app

from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.settings import ServiceSettings

STALLED_SECONDS = 20.0
UNSENT_BYTES = 128 * 1024

_BACKLOG = 1024


@dataclass(frozen=True)
class ServedApp:
    """An app that answers at `url`."""

    host: str
    port: int
    serving: asyncio.Task[None]

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def stopped(self) -> None:
        """Wait until `stopping` was set and the last request is answered, or cut off after the grace time.

        Raises what the server failed of, should it fail.
        """
        await asyncio.shield(self.serving)


class _NoAlarm(logging.Filter):
    """That a client is lost is no error of ours, though Hypercorn leaves it to asyncio to report it as one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is worth telling."""
        error = record.exc_info[1] if record.exc_info else None
        return not (isinstance(error, TimeoutError) and error.errno == errno.ETIMEDOUT)


_NO_ALARM = _NoAlarm()


def bind(host: str, port: int, *, fall_back: bool = True) -> socket.socket:
    """A listening socket; where the port is taken, on a free one if `fall_back`. Raises OSError."""
    try:
        return _listening(host, port)
    except OSError as error:
        if not fall_back or error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        return _listening(host, 0)


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _lose_who_takes_nothing(made)
        made.bind(address)
        # At once: two sockets can be bound to one port as long as neither listens.
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _lose_who_takes_nothing(listening: socket.socket) -> None:
    """Where the system can (Linux): have every connection made here end once its client has taken nothing for so long.

    And have little wait in the system meanwhile, so that it is soon known who is slow.
    """
    if sys.platform == "linux":
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(STALLED_SECONDS * 1000))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


async def serve(app: ServiceApp, host: str, port: int, stopping: asyncio.Event, *, fall_back: bool = True) -> ServedApp:
    """Serve `app` until `stopping` is set; returns once it answers. Port 0, or a taken one, becomes a free one.

    Signals are left to whoever owns the process. Requests still open when the grace time is over (setting
    HTTP_GRACEFUL_TIMEOUT) are cut off; what `app.on_stopping` holds is called at once, to end streams. Raises OSError
    when no port can be had, and whatever the app's start-up raises.
    """
    return await serve_on(app, bind(host, port, fall_back=fall_back), stopping)


async def serve_on(app: ServiceApp, listening: socket.socket, stopping: asyncio.Event) -> ServedApp:
    """Like `serve`, on a socket made before, for whoever has to know the address before the app is there."""
    host, port = listening.getsockname()[:2]
    started = asyncio.Event()
    serving = asyncio.create_task(_serving(app, listening, stopping, started), name=f"serve {app.name}")
    await _first_of(serving, started)
    return ServedApp(host, port, serving)


async def _first_of(serving: asyncio.Task[None], started: asyncio.Event) -> None:
    waiting = asyncio.create_task(started.wait())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    finally:
        waiting.cancel()


async def _serving(app: ServiceApp, listening: socket.socket, stopping: asyncio.Event, started: asyncio.Event) -> None:
    async def until_stopped() -> None:
        started.set()
        await stopping.wait()

    config = _config(app.settings)
    cutter = asyncio.create_task(_cut_off(app, stopping))
    try:
        with listening:
            wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
            await worker_serve(wrapped, config, sockets=Sockets([], [listening], []), shutdown_trigger=until_stopped)
    finally:
        cutter.cancel()


async def _cut_off(app: ServiceApp, stopping: asyncio.Event) -> None:
    """Have streams end now, and after the grace time whatever is still open.

    Since Python 3.12 a closing server waits for its connections, whatever Hypercorn's grace time is.
    """
    await stopping.wait()
    for end in app.on_stopping:
        end()
    await asyncio.sleep(app.settings.http_graceful_timeout)
    app.cut_off()


def _config(settings: ServiceSettings) -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)
    logging.getLogger("asyncio").addFilter(_NO_ALARM)
    config.include_server_header = False
    config.backlog = _BACKLOG
    config.keep_alive_timeout = settings.http_keep_alive_timeout
    config.graceful_timeout = settings.http_graceful_timeout + 1
    config.shutdown_timeout = 2
    return config
