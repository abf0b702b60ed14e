"""Apache Kafka: one process that is broker and controller (KRaft)."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Sequence
from pathlib import Path

from huleedu_service_libs.embedded_postgres.process import ENVIRONMENT
from infra.errors import DidNotStart
from infra.jars import java, kafka_jars
from infra.ports import quiet_port
from infra.server import OneProcess

QUICK_TO_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
QUICK_UNDER_LOAD = ("-XX:+UseG1GC",)
ANY_PATH = ("/usr/bin/env", "LC_ALL=C.UTF-8")  # in a plain C locale Java opens no file below /home/åsa
LOGGING = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")
STARTED_IS_SAID = "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info"
STARTED = "Kafka Server started"
CLUSTER_ID = base64.urlsafe_b64encode(b"huleedu-loopback").decode().rstrip("=")  # clusters here never meet
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "CLIENT",
    "auto.create.topics.enable": "false",  # a topic that nobody made is a mistake in a name
    "message.max.bytes": str(8 * 1024 * 1024),  # a record batch of the log becomes one of Kafka's
    "group.initial.rebalance.delay.ms": "0",  # tests start groups all the time
    "group.min.session.timeout.ms": "1000",  # and have members die
    "broker.session.timeout.ms": "2000",  # after kill -9 the new broker waits for the old one's session to end
    "broker.heartbeat.interval.ms": "500",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),  # of the 512 MB there are
}


class KafkaBroker(OneProcess):
    """A broker for clients at `address`; topics and what they hold outlive every kill.

    Args:
        folder: see `OneProcess`.
        port: see `OneProcess`; a second one for the controller is chosen at each start.
        jvm: options; `QUICK_TO_START` saves half a second for tests, `QUICK_UNDER_LOAD` is for measuring.
        proxied: two more ports. Clients who come in by the first are sent to the second, where a proxy before it is.
    """

    name = "Apache Kafka"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        jvm: Sequence[str] = QUICK_TO_START,
        proxied: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(folder, port)
        self._jvm, self._proxied = jvm, proxied

    def _command(self) -> list[str]:
        command = [*ANY_PATH, java(), *self._jvm, "-Xmx512m", *LOGGING, STARTED_IS_SAID, "-cp", f"{kafka_jars()}/*"]
        self._properties.write_text(self._settings(controller_port=quiet_port()))
        if not (self._data / "meta.properties").exists():
            self._format(command)
        return [*command, "kafka.Kafka", str(self._properties)]

    def _format(self, java: list[str]) -> None:
        command = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._properties)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/", env=ENVIRONMENT
        )
        if done.returncode:
            raise DidNotStart(done.stdout)

    def _settings(self, controller_port: int) -> str:
        clients, controller = [f"CLIENT://{self.address}"], f"CONTROLLER://127.0.0.1:{controller_port}"
        behind_proxy, proxy = ([f"PROXIED://127.0.0.1:{port}"] for port in self._proxied) if self._proxied else ([], [])
        places = {
            "listeners": ",".join([*clients, *behind_proxy, controller]),
            "advertised.listeners": ",".join([*clients, *proxy]),
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "log.dirs": str(self._data),
        }
        return "".join(f"{name}={in_ascii(value)}\n" for name, value in (SETTINGS | places).items())

    def _is_ready(self, said: str) -> bool:
        return STARTED in said

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def in_ascii(value: str) -> str:
    """A value as a Java properties file writes it, which is read as Latin-1."""
    return "".join(letter if letter.isascii() else f"\\u{ord(letter):04x}" for letter in value)
