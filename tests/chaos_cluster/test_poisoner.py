"""What is planted is put down, however the run ends."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest

from chaos import diary, kafka_side
from chaos.diary import Diary, Planted
from chaos.kafka_side import Poisoner


async def test_a_message_that_is_just_being_planted_as_the_run_ends_is_put_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_side, "BETWEEN_POISONS", (0.0, 0.0))
    spoken_to = asyncio.Event()
    silent = await asyncio.start_server(lambda *_: spoken_to.set(), "127.0.0.1", 0)
    host, port = silent.sockets[0].getsockname()
    notes = Diary(tmp_path / "planted.jsonl")
    poisoner = Poisoner(f"{host}:{port}", random.Random(7), {"huleedu.said": ["counter"]}, notes)

    planting = asyncio.create_task(poisoner.run([]))
    await spoken_to.wait()
    planting.cancel()
    with suppress(asyncio.CancelledError):
        await planting
    silent.close()
    notes.close()

    (planted,) = diary.read(tmp_path / "planted.jsonl", Planted)
    assert (planted.topic, planted.groups) == ("huleedu.said", ())
