"""Content over HTTP: what goes in comes out, and whatever else is asked for is refused with a reason."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from dishka import Provider, Scope
from quart import Response
from quart.typing import TestClientProtocol as Client

from content_service.blob_store import DiskBlobStore, MemoryBlobStore
from content_service.config import ContentSettings
from content_service.protocols import BlobStoreProtocol
from content_service.startup_setup import DEFINITION, container
from huleedu_service_libs.process_pool import ProcessPool
from huleedu_service_libs.runtime import PostgresEventBus
from huleedu_service_libs.server import serve
from huleedu_service_libs.service import Platform

ESSAY = "Hösten är här och löven faller, skrev Åsa.".encode()
CORRELATION = "0b9e8a3c-6f0e-4a57-9b0e-1f2d3c4b5a69"
MOST_BYTES = 1000


def platform_in(folder: Path) -> Platform:
    """What no part of this service uses is not started."""
    return Platform(bus=PostgresEventBus(""), pool=ProcessPool(1), dsn="", data_dir=folder)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = ContentSettings(http_max_body_bytes=MOST_BYTES, http_body_timeout=5)
    service = await DEFINITION.start(settings, platform_in(tmp_path))
    yield service.app.test_client()
    await service.close()


async def stored(client: Client, content: bytes, **headers: str) -> str:
    answer = await client.post(
        "/v1/content", data=content, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    assert answer.status_code == 201
    return str((await answer.get_json())["storage_id"])


async def code_of(answer: Response) -> tuple[int, str]:
    body = await answer.get_json()
    return body["status"], body["code"]


async def test_what_is_stored_comes_back_with_its_type_and_may_be_cached_for_ever(client: Client) -> None:
    storage_id = await stored(client, ESSAY, Content_Type="application/pdf")

    answer = await client.get(f"/v1/content/{storage_id}")

    assert (answer.status_code, await answer.get_data()) == (200, ESSAY)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Length"] == str(len(ESSAY))
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["ETag"] == f'"{storage_id}"'


async def test_the_answer_to_storing_names_the_content_and_the_correlation(client: Client) -> None:
    answer = await client.post("/v1/content", data=ESSAY, headers={"X-Correlation-ID": CORRELATION})

    body = await answer.get_json()
    assert set(body) == {"storage_id", "correlation_id"}
    assert body["correlation_id"] == answer.headers["X-Correlation-ID"] == CORRELATION


async def test_the_same_bytes_have_the_same_id(client: Client) -> None:
    assert await stored(client, ESSAY) == await stored(client, ESSAY)
    assert await stored(client, ESSAY) != await stored(client, ESSAY + b".")


async def test_content_without_a_type_is_plain_text(client: Client) -> None:
    storage_id = await stored(client, ESSAY)

    assert (await client.get(f"/v1/content/{storage_id}")).headers["Content-Type"] == "text/plain"


async def test_over_a_real_connection_head_tells_all_but_the_bytes(tmp_path: Path) -> None:
    service, stopping = await DEFINITION.start(ContentSettings(), platform_in(tmp_path)), asyncio.Event()
    served = await serve(service.app, "127.0.0.1", 0, stopping)
    async with ClientSession(served.url) as session:
        large = b"x" * 3_000_000
        storage_id = (await (await session.post("/v1/content", data=large)).json())["storage_id"]

        async with session.head(f"/v1/content/{storage_id}") as head:
            assert (head.content_length, await head.read()) == (len(large), b"")
        async with session.get(f"/v1/content/{storage_id}") as got:
            assert await got.read() == large
    stopping.set()
    await served.stopped()
    await service.close()


async def test_who_has_the_content_already_is_not_sent_it_again(client: Client) -> None:
    storage_id = await stored(client, ESSAY)

    answer = await client.get(f"/v1/content/{storage_id}", headers={"If-None-Match": f'"{storage_id}"'})

    assert (answer.status_code, await answer.get_data()) == (304, b"")


async def test_no_browser_is_to_run_what_is_stored(client: Client) -> None:
    storage_id = await stored(client, b"<script>alert(1)</script>", Content_Type="text/html")

    headers = (await client.get(f"/v1/content/{storage_id}")).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


async def test_content_of_exactly_the_largest_size_is_stored(client: Client) -> None:
    assert await stored(client, b"x" * MOST_BYTES)


@pytest.mark.parametrize(
    ("content", "headers", "refusal"),
    [
        (b"", {}, (400, "EMPTY_CONTENT")),
        (b"x" * (MOST_BYTES + 1), {}, (413, "TOO_LARGE")),
        (b"x", {"Content-Type": "text/" + "x" * 300}, (400, "INVALID_CONTENT_TYPE")),
        (b"x", {"Content-Type": "text/plåin"}, (400, "INVALID_CONTENT_TYPE")),
    ],
)
async def test_content_that_cannot_be_stored_is_refused(
    client: Client, tmp_path: Path, content: bytes, headers: dict[str, str], refusal: tuple[int, str]
) -> None:
    assert await code_of(await client.post("/v1/content", data=content, headers=headers)) == refusal
    assert [path.name for path in (tmp_path / "content").rglob("*") if path.is_file()] == ["key"]


async def test_a_body_without_an_announced_length_is_cut_off_at_the_limit(client: Client) -> None:
    async with client.request("/v1/content", method="POST") as connection:
        for _ in range(4):
            await connection.send(b"x" * (MOST_BYTES // 3))
        await connection.send_complete()
    answer = await connection.as_response()

    assert await code_of(answer) == (413, "TOO_LARGE")


async def test_a_body_that_does_not_come_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    service = await DEFINITION.start(ContentSettings(http_body_timeout=0.01), platform_in(tmp_path))
    async with service.app.test_client().request("/v1/content", method="POST") as connection:
        await connection.send(b"the beginning")
    answer = await connection.as_response()
    await service.close()

    assert (await code_of(answer))[0] == 408
    assert [path.name for path in (tmp_path / "content").rglob("*") if path.is_file()] == ["key"]


@pytest.mark.parametrize(
    ("storage_id", "refusal"),
    [
        ("0" * 32, (404, "CONTENT_NOT_FOUND")),
        ("0" * 31, (400, "INVALID_STORAGE_ID")),
        ("0" * 33, (400, "INVALID_STORAGE_ID")),
        ("g" * 32, (400, "INVALID_STORAGE_ID")),
        ("..%2F..%2Fkey", (404, "NOT_FOUND")),
        ("key", (400, "INVALID_STORAGE_ID")),
    ],
)
async def test_what_is_not_there_or_no_id_is_refused(client: Client, storage_id: str, refusal: tuple[int, str]) -> None:
    assert await code_of(await client.get(f"/v1/content/{storage_id}")) == refusal


async def test_the_service_is_ready_when_there_is_room_on_the_disk(client: Client) -> None:
    checks = (await (await client.get("/readyz")).get_json())["checks"]

    assert checks["disk"]["ok"]
    assert (await (await client.get("/healthz")).get_json()) == {"status": "ok"}


async def test_contents_lie_on_disk_unless_another_store_takes_their_place(tmp_path: Path) -> None:
    in_memory = Provider(scope=Scope.APP)
    in_memory.provide(lambda: MemoryBlobStore(), provides=BlobStoreProtocol)

    real = container(ContentSettings(), platform_in(tmp_path))
    replaced = container(ContentSettings(), platform_in(tmp_path), in_memory)

    assert isinstance(await real.get(BlobStoreProtocol), DiskBlobStore)
    assert isinstance(await replaced.get(BlobStoreProtocol), MemoryBlobStore)


def test_the_port_is_the_one_that_peers_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTENT_SERVICE_PORT", raising=False)

    assert ContentSettings().port == 8000
