"""What is kept comes back, once, whole and under an id that nobody can guess: on disk and in memory alike."""

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content_service.blob_store import DiskBlobStore, MemoryBlobStore
from content_service.protocols import BlobNotFound, BlobStoreProtocol, BlobTooLarge

ESSAY = "Hösten är här och löven faller, skrev Åsa.".encode()
MOST_BYTES = 1_000_000
PLAIN = "text/plain; charset=utf-8"


@pytest.fixture(params=[DiskBlobStore, MemoryBlobStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStoreProtocol:
    if request.param is MemoryBlobStore:
        return MemoryBlobStore(most_bytes=MOST_BYTES)
    return DiskBlobStore.at(tmp_path / "blobs", MOST_BYTES)


@pytest.fixture
def disk(tmp_path: Path) -> DiskBlobStore:
    return DiskBlobStore.at(tmp_path / "blobs", MOST_BYTES)


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def content(store: BlobStoreProtocol, storage_id: str) -> bytes:
    return b"".join([chunk async for chunk in (await store.open(storage_id)).chunks])


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "key"]


def modes_of_files_in(folder: Path) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()]


async def test_what_is_kept_comes_back_with_its_type_and_size(store: BlobStoreProtocol) -> None:
    storage_id = await store.put(stream(ESSAY), PLAIN)

    blob = await store.open(storage_id)

    assert (blob.content_type, blob.size) == (PLAIN, len(ESSAY))
    assert b"".join([chunk async for chunk in blob.chunks]) == ESSAY


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.binary(max_size=30) | st.binary(max_size=30).map(lambda piece: piece * 10_000), max_size=3))
def test_the_same_bytes_are_the_same_blob_however_they_arrive(store: BlobStoreProtocol, chunks: list[bytes]) -> None:
    whole = b"".join(chunks)

    async def kept() -> tuple[str, str, bytes]:
        in_pieces, at_once = await store.put(stream(*chunks), PLAIN), await store.put(stream(whole), PLAIN)
        return in_pieces, at_once, await content(store, at_once)

    in_pieces, at_once, read = asyncio.run(kept())

    assert in_pieces == at_once
    assert read == whole


async def test_an_id_is_32_hex_digits(store: BlobStoreProtocol) -> None:
    storage_id = await store.put(stream(ESSAY), PLAIN)

    assert len(bytes.fromhex(storage_id)) == 16
    assert storage_id == storage_id.lower()


async def test_other_bytes_have_another_id(store: BlobStoreProtocol) -> None:
    assert await store.put(stream(ESSAY), PLAIN) != await store.put(stream(ESSAY + b"."), PLAIN)


async def test_the_first_type_stays(store: BlobStoreProtocol) -> None:
    first = await store.put(stream(ESSAY), PLAIN)
    second = await store.put(stream(ESSAY), "application/pdf")

    assert first == second
    assert (await store.open(second)).content_type == PLAIN


async def test_content_of_many_blocks_comes_back_in_chunks(store: BlobStoreProtocol) -> None:
    scan = os.urandom(MOST_BYTES)

    blob = await store.open(await store.put(stream(scan[:1], scan[1:700_000], scan[700_000:]), "application/pdf"))
    chunks = [chunk async for chunk in blob.chunks]

    assert b"".join(chunks) == scan
    assert max(map(len, chunks)) < len(scan) / 3


@pytest.mark.parametrize("unknown", ["0" * 32, "", "../key", "..", "key", "0" * 31, "0" * 33, "A" * 32, "å" * 32])
async def test_what_was_never_kept_is_not_found(store: BlobStoreProtocol, unknown: str) -> None:
    with pytest.raises(BlobNotFound):
        await store.open(unknown)


async def test_as_much_as_the_limit_is_kept(store: BlobStoreProtocol) -> None:
    assert await store.put(stream(b"x" * MOST_BYTES), PLAIN)


async def test_more_than_the_limit_is_refused_before_it_has_all_come(store: BlobStoreProtocol) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 100_000

    with pytest.raises(BlobTooLarge, match="1000000"):
        await store.put(endless(), PLAIN)
    assert taken == 11


async def test_many_at_once_are_all_kept(store: BlobStoreProtocol) -> None:
    essays = [b"essay %d" % (number % 20) for number in range(60)]

    ids = await asyncio.gather(*(store.put(stream(essay), PLAIN) for essay in essays))

    assert len(set(ids)) == 20
    assert [await content(store, storage_id) for storage_id in ids] == essays


async def test_the_same_bytes_are_one_file(disk: DiskBlobStore, tmp_path: Path) -> None:
    await asyncio.gather(*(disk.put(stream(ESSAY), PLAIN) for _ in range(8)))

    assert len(files_in(tmp_path)) == 1


async def test_blobs_are_spread_over_folders(disk: DiskBlobStore, tmp_path: Path) -> None:
    storage_id = await disk.put(stream(ESSAY), PLAIN)

    assert files_in(tmp_path) == [tmp_path / "blobs" / storage_id[:2] / storage_id]


async def broken_off() -> AsyncIterator[bytes]:
    yield b"x" * 400_000
    raise ConnectionResetError


async def too_much() -> AsyncIterator[bytes]:
    for _ in range(5):
        yield b"x" * 400_000


@pytest.mark.parametrize("chunks", [broken_off, too_much])
async def test_what_is_not_kept_leaves_no_file(
    disk: DiskBlobStore, tmp_path: Path, chunks: Callable[[], AsyncIterator[bytes]]
) -> None:
    with pytest.raises((ConnectionResetError, BlobTooLarge)):
        await disk.put(chunks(), PLAIN)

    assert files_in(tmp_path) == []


async def test_an_upload_that_is_cancelled_leaves_no_file(disk: DiskBlobStore, tmp_path: Path) -> None:
    written = asyncio.Event()

    async def stalls() -> AsyncIterator[bytes]:
        yield b"x" * 400_000
        written.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(disk.put(stalls(), PLAIN))
    await written.wait()
    assert len(files_in(tmp_path)) == 1
    upload.cancel()
    await asyncio.wait([upload])

    assert upload.cancelled()
    assert files_in(tmp_path) == []


async def test_a_name_is_given_only_to_what_is_on_the_disk(
    disk: DiskBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, rename = os.fsync, os.replace

    def recorded_sync(descriptor: int) -> None:
        steps.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        sync(descriptor)

    def recorded_rename(source: Path, target: Path) -> None:
        steps.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(os, "replace", recorded_rename)
    await disk.put(stream(ESSAY), PLAIN)

    assert steps[-3:] == ["sync file", "rename", "sync folder"]


async def test_a_store_that_is_opened_again_knows_its_blobs(tmp_path: Path) -> None:
    storage_id = await DiskBlobStore.at(tmp_path / "blobs").put(stream(ESSAY), PLAIN)

    again = DiskBlobStore.at(tmp_path / "blobs")

    assert await content(again, storage_id) == ESSAY
    assert await again.put(stream(ESSAY), PLAIN) == storage_id


async def test_another_installation_gives_the_same_text_another_id(tmp_path: Path) -> None:
    here, there = DiskBlobStore.at(tmp_path / "here"), DiskBlobStore.at(tmp_path / "there")

    assert await here.put(stream(ESSAY), PLAIN) != await there.put(stream(ESSAY), PLAIN)


async def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    start = Barrier(16)

    def opened(_: int) -> DiskBlobStore:
        start.wait()
        return DiskBlobStore.at(tmp_path / "blobs")

    with ThreadPoolExecutor(16) as together:
        stores = list(together.map(opened, range(16)))

    assert len({await store.put(stream(ESSAY), PLAIN) for store in stores}) == 1


async def test_nobody_else_may_read_key_and_essays(disk: DiskBlobStore, tmp_path: Path) -> None:
    await disk.put(stream(ESSAY), PLAIN)

    assert modes_of_files_in(tmp_path) == [0o600, 0o600]


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    DiskBlobStore.at(tmp_path / "blobs")
    (tmp_path / "blobs" / "key").write_bytes(b"short")

    with pytest.raises(ValueError, match="key"):
        DiskBlobStore.at(tmp_path / "blobs")


def test_old_drafts_of_a_crash_are_removed_and_young_ones_kept(tmp_path: Path) -> None:
    DiskBlobStore.at(tmp_path / "blobs")
    old, young = (tmp_path / "blobs" / "drafts" / name for name in ("old", "young"))
    old.touch()
    young.touch()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))

    DiskBlobStore.at(tmp_path / "blobs")

    assert files_in(tmp_path) == [young]
