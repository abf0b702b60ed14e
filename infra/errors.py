"""Why a server cannot be had, in words for the person who wanted it."""

from __future__ import annotations

import inspect


class InfraError(Exception):
    """A server cannot be had."""

    def __init__(self, detail: str = "") -> None:
        message = " ".join(inspect.cleandoc(type(self).__doc__ or "").split())
        super().__init__(f"{message}\n{detail}".strip())


class Missing(InfraError):
    """This machine lacks something that the server needs; what, and the package that has it, is the message."""


class NoJava(Missing):
    """Apache Kafka needs Java 17 or newer, which this machine lacks: `apt-get install default-jre-headless`."""


class NoMaven(Missing):
    """Apache Kafka is fetched by Maven, once, which this machine lacks: `apt-get install maven`."""


class NoJars(Missing):
    """Maven could not fetch Apache Kafka, for which it needs the network, once. It said last:"""


class NoRedis(Missing):
    """Neither redis-server nor valkey-server is on this machine: `apt-get install redis-server`."""


class PortTaken(InfraError):
    """Another program listens on that port already: end it, or choose another (`infra up` takes --kafka-port)."""


class DidNotStart(InfraError):
    """The server did not start. It said last:"""
