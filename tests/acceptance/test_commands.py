"""The command line, given nothing but the addresses of a platform on other machines."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from huleedu.addresses import setting_names
from infra.cluster import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def environment(cluster: Cluster, tmp_path: Path) -> dict[str, str]:
    """Of a person who knows where each service answers; nothing is in the data folder."""
    addresses = {setting_names(service)[0]: url for service, url in cluster.addresses.items()}
    return {**os.environ, **addresses, "HULEEDU_DATA_DIR": str(tmp_path / "data")}


async def huleedu(environment: dict[str, str], *words: str) -> Any:
    """What the command prints with --json."""
    command = (sys.executable, "-m", "huleedu", *words, "--json")
    ended = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    said, _ = await ended.communicate()
    assert ended.returncode == 0, said
    return json.loads(said)


async def test_a_folder_is_handed_in_and_looked_after_from_another_machine(
    environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "åsa.txt").write_text("My summer was realy good. I went to the beach and we swam until it was dark.")

    results = await huleedu(environment, "run", str(folder), "--pipeline", "spellcheck")
    status = await huleedu(environment, "status", results["batch_id"])
    findings = await huleedu(environment, "doctor")

    assert [essay["file_name"] for essay in results["essays"]] == ["åsa.txt"]
    assert status["status"] == "completed_successfully"
    assert {finding["name"] for finding in findings} >= {"batch_orchestrator_service", "spellchecker_service"}
