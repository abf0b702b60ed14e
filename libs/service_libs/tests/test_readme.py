"""The README's example works as it stands there."""

import asyncio
import sys
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that the README shows."""
    module = ModuleType("greeting_service")
    module.__file__ = str(README)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    code = README.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(code, README, "exec"), module.__dict__)
    return module


async def test_the_readme_s_service_answers(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREETING_SERVICE_PORT", "0")
    stopping = asyncio.Event()
    served = await example.start(stopping)
    async with aiohttp.ClientSession(served.url) as client:
        async with client.post("/v1/greetings/Alva", json={"text": "Hej"}) as answer:
            assert (answer.status, await answer.json()) == (202, {"text": "Hej"})
        async with client.post("/v1/greetings/Bo", json={"text": "Hej"}) as answer:
            problem = await answer.json(content_type="application/problem+json")

    assert (problem["code"], problem["detail"]) == ("ALREADY_GREETED", "Bo was greeted before.")
    stopping.set()
    await served.stopped()
