"""A BCS for tests, over real HTTP: it offers a few pipelines, and can be away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from huleedu_service_libs.server import bind

OFFERED: dict[str, dict[str, list[str]]] = {
    "spellcheck": {"spellcheck": []},
    "nlp": {"spellcheck": [], "nlp": ["spellcheck"]},
    "cj_assessment": {"spellcheck": [], "cj_assessment": ["spellcheck"]},
}


@dataclass
class Conductor:
    """What it was asked, and where it answers: as told, or 503 while it is `away`, or never while it is `silent`."""

    url: str = ""
    away: bool = False
    silent: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    answers: web.Response | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def define(self, request: web.Request) -> web.Response:
        """Resolve a pipeline as BCS does."""
        question = await request.json()
        self.asked.append(question)
        if self.away:
            return web.json_response({"error": "not now"}, status=503)
        if self.silent:
            await self.over.wait()
        if self.answers is not None:
            return self.answers
        phases = OFFERED.get(question["requested_pipeline"])
        if phases is None:
            code = "BCS_PIPELINE_DEPENDENCY_RESOLUTION_FAILED"
            return web.json_response({"code": code, "detail": "There is no such pipeline."}, status=422)
        return web.json_response(_definition(question, phases))


def _definition(question: dict[str, Any], phases: dict[str, list[str]]) -> dict[str, Any]:
    done = set(question["completed_phases"])
    return {
        "batch_id": question["batch_id"],
        "final_pipeline": [name for name in phases if name not in done],
        "analysis_summary": "resolved",
        "phases": [{"name": name, "depends_on": needed, "reuse": name in done} for name, needed in phases.items()],
    }


@asynccontextmanager
async def conducting() -> AsyncIterator[Conductor]:
    """A conductor that answers on loopback."""
    conductor = Conductor()
    app = web.Application()
    app.router.add_post("/internal/v1/pipelines/define", conductor.define)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    listening = bind("127.0.0.1", 0)
    await web.SockSite(runner, listening).start()
    conductor.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield conductor
    finally:
        conductor.over.set()
        await runner.cleanup()
