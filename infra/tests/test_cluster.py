"""Replicas: whose turn it is, how they end, and that none is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from huleedu_service_libs.embedded_postgres.cluster import ticks
from infra.cluster import InTurn
from infra.replica import Replica

OBEDIENT = ("/bin/sleep", "600")
STUBBORN = ("/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
PATIENCE_S = 10
STARTER = """
import pathlib, sys, time
from infra.replica import Replica
replica = Replica("sleeper", 0, pathlib.Path(sys.argv[1]))
replica.start(["/bin/sleep", "600"], {})
print(replica.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[list[Replica]]:
    """Three, not started; ended whatever happens."""
    made = [Replica("sleeper", number, tmp_path / f"{number}.log") for number in range(3)]
    yield made
    for replica in made:
        replica.kill()


def test_requests_go_to_all_that_are_up_in_turn(replicas: list[Replica]) -> None:
    first, second, third = replicas
    first.in_turn = third.in_turn = True
    addresses = InTurn({"sleeper": replicas})

    asked = [addresses["sleeper"] for _ in range(4)]

    assert sorted(asked) == sorted([first.url, third.url] * 2)
    assert second.url not in asked


async def test_whoever_obeys_ends_by_the_signal(replicas: list[Replica]) -> None:
    replicas[0].start(OBEDIENT, {})

    assert (await replicas[0].stop()).exit_code == -signal.SIGTERM
    assert replicas[0].pid is None


async def test_whoever_does_not_is_killed_and_has_no_exit_code(
    replicas: list[Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.replica.DRAIN_LIMIT_S", 0.1)
    replicas[0].start(STUBBORN, {"PATH": os.defpath})
    assert any("deaf" in replicas[0].log.read_text() for _ in ticks(PATIENCE_S))

    assert (await replicas[0].stop()).exit_code is None
    assert replicas[0].pid is None


@pytest.mark.skipif(
    sys.platform != "linux",
    reason="only Linux ends a child with its parent: elsewhere a replica stays until it is told to stop",
)
def test_none_outlives_whoever_started_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()

    assert any(not Path(f"/proc/{pid}").exists() for _ in ticks(PATIENCE_S))
