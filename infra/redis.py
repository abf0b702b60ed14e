"""Redis, or Valkey, which speaks the same: a cache that forgets when it stops."""

from __future__ import annotations

import shutil
import socket

from infra.errors import NoRedis
from infra.server import OneProcess

PROGRAMS = ("redis-server", "valkey-server")
PING, PONG = b"PING\r\n", b"+PONG\r\n"


class RedisServer(OneProcess):
    """A server that keeps nothing on disk: after a stop or a kill it starts empty."""

    name = "Redis"

    @property
    def url(self) -> str:
        """Its address as clients want it."""
        return f"redis://{self.address}"

    def _command(self) -> list[str]:
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise NoRedis
        place = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        return [program, *place, "--save", "", "--appendonly", "no", "--loglevel", "warning"]

    def _is_ready(self, said: str) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(PING)
                return connection.recv(len(PONG)) == PONG
        except OSError:
            return False
