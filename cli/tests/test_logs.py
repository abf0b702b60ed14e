"""What a process logs follows each service's own settings."""

import json
from pathlib import Path

import aiohttp
import pytest

from huleedu.composition import compose
from huleedu.logs import LOG_FILE, logging_to_file
from huleedu.platform import running
from huleedu.services import definition


async def test_a_service_logs_at_the_level_of_its_own_setting_and_names_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "staging")
    monkeypatch.setenv("BATCH_CONDUCTOR_SERVICE_PORT", "0")
    monkeypatch.setenv("BATCH_CONDUCTOR_SERVICE_LOG_LEVEL", "DEBUG")
    name = "batch_conductor_service"

    with logging_to_file(tmp_path):
        async with running(compose([definition(name)]), tmp_path) as up, aiohttp.ClientSession() as client:
            await client.get(f"{up.addresses[name]}/healthz")

    lines = [json.loads(line) for line in (tmp_path / LOG_FILE).read_text().splitlines()]
    asked = [line for line in lines if line.get("endpoint") == "/healthz"]  # a request that is read: told at DEBUG
    assert [(line["level"], line["deployment.environment"]) for line in asked] == [("debug", "staging")]
