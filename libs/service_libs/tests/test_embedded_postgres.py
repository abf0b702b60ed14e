"""The embedded PostgreSQL outlives every kill of the processes that share it, and loses nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from huleedu_service_libs.embedded_postgres import (
    DiskFull,
    EmbeddedPostgres,
    NoUnprivilegedAccount,
    Server,
    ServerDidNotStart,
    create_database,
    drop_database,
)
from huleedu_service_libs.embedded_postgres.cluster import ticks
from huleedu_service_libs.embedded_postgres.errors import failure
from huleedu_service_libs.embedded_postgres.installation import (
    first_account,
    open_to_all,
    programs,
    readable_copy,
    server_account,
)
from huleedu_service_libs.embedded_postgres.ownership import free_port, is_free
from huleedu_service_libs.embedded_postgres.process import LAUNCH

STARTER = """
import sys
from pathlib import Path
from huleedu_service_libs.embedded_postgres import EmbeddedPostgres

postgres = EmbeddedPostgres(Path(sys.argv[1]))
print("starting", flush=True)
server = postgres.start()
print(server.port, server.owner, flush=True)
sys.stdin.read()
"""


class Starter:
    """Another process that starts the folder's server, says what it got, and lives until it is killed."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", STARTER, str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._said() == "starting"

    def _said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def started(self) -> tuple[int, bool]:
        """Its server's port and whether it owns it, once it has started."""
        port, owner = self._said().split()
        return int(port), owner == "True"

    def kill(self) -> None:
        """As `kill -9`."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    with new_folder() as folder:
        first = EmbeddedPostgres(folder)
        first.start()
        first.stop()
        (folder / "run.json").unlink()
        yield folder


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    with new_folder() as folder:
        yield folder


@pytest.fixture
def folder(made: Path, empty_folder: Path) -> Path:
    subprocess.run(["cp", "-a", f"{made}/.", empty_folder], check=True)  # a tenth of the time of making one
    return empty_folder


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    """A folder that is gone afterwards: pytest would keep the clusters of its last runs, gigabytes."""
    with tempfile.TemporaryDirectory(dir=memory_disk()) as name:
        yield Path(name)


def memory_disk() -> Path | None:
    """Where PostgreSQL's many small syncs cost nothing, if the machine has room there."""
    place = Path("/dev/shm")
    return place if place.is_dir() and shutil.disk_usage(place).free > 1_000_000_000 else None


@pytest.fixture
def starter() -> Iterator[Callable[[Path], Starter]]:
    with contextlib.ExitStack() as ends:

        def start(folder: Path) -> Starter:
            process = Starter(folder)
            ends.callback(process.kill)
            return process

        yield start


@pytest.fixture
def postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    ours = EmbeddedPostgres(folder)
    yield ours
    ours.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with new_folder() as folder:
        ours = EmbeddedPostgres(folder)
        yield ours.start()
        ours.stop()


async def ask(server: Server, question: str) -> object:
    connection = await asyncpg.connect(server.dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def eventually(happens: Callable[[], object], within_s: float = 30) -> None:
    assert any(happens() for _ in ticks(within_s, every=0.001))


def postmaster(folder: Path) -> int:
    return int((folder / "cluster/postmaster.pid").read_text().split()[0])


def drafts(folder: Path) -> list[Path]:
    return list(folder.glob("draft-*"))


async def test_it_serves_utf8_text_with_durable_commits(server: Server) -> None:
    assert await ask(server, "SELECT upper('åäö')") == "ÅÄÖ"
    assert await ask(server, "SHOW fsync") == "on"
    assert await ask(server, "SHOW synchronous_commit") == "on"


async def test_it_listens_on_loopback_only_and_asks_for_the_password(server: Server) -> None:
    assert await ask(server, "SHOW listen_addresses") == "127.0.0.1"
    assert await ask(server, "SHOW unix_socket_directories") == ""
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn, password="guess")


def test_the_password_does_not_show_where_a_server_is_printed(server: Server) -> None:
    assert "dsn" not in repr(server)


async def test_a_database_can_be_copied_from_a_template_and_dropped(server: Server) -> None:
    template = await create_database(server.dsn, "template of a test")
    connection = await asyncpg.connect(template)
    await connection.execute("CREATE TABLE essays AS SELECT 'Hej' AS text")
    await connection.close()

    copy = await asyncpg.connect(await create_database(server.dsn, "copy", "template of a test"))
    assert await copy.fetchval("SELECT text FROM essays") == "Hej"

    await drop_database(server.dsn, "copy")
    assert await ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'copy'") == 0
    await drop_database(server.dsn, "copy")


async def test_data_and_port_survive_a_restart(postgres: EmbeddedPostgres) -> None:
    before = postgres.start()
    await ask(before, "CREATE TABLE kept ()")
    postgres.stop()

    after = postgres.start()

    assert after == before
    assert await ask(after, "SELECT count(*) FROM kept") == 0


def test_starting_twice_gives_the_same_server(postgres: EmbeddedPostgres) -> None:
    assert postgres.start() == postgres.start()


def test_of_three_that_start_at_once_one_owns_the_server(
    empty_folder: Path, starter: Callable[[Path], Starter]
) -> None:
    three = [starter(empty_folder) for _ in range(3)]

    ports, owners = zip(*(process.started() for process in three), strict=True)

    assert len(set(ports)) == 1
    assert sorted(owners) == [False, False, True]


async def test_a_survivor_notices_the_owners_death_and_serves_on_the_same_port(
    folder: Path, postgres: EmbeddedPostgres, starter: Callable[[Path], Starter]
) -> None:
    owner = starter(folder)
    port, _ = owner.started()
    joined = postgres.start()
    await ask(joined, "CREATE TABLE kept ()")
    assert not joined.owner

    owner.kill()
    await postgres.watch()
    served = postgres.start()

    assert served == Server(joined.dsn, port, owner=True)
    assert await ask(served, "SELECT count(*) FROM kept") == 0


def test_the_server_dies_with_its_owner(folder: Path, starter: Callable[[Path], Starter]) -> None:
    owner = starter(folder)
    port, _ = owner.started()
    assert not is_free(port)

    owner.kill()

    eventually(lambda: is_free(port))


async def test_the_server_outlives_the_thread_that_started_it(postgres: EmbeddedPostgres, folder: Path) -> None:
    thread = threading.Thread(target=postgres.start)
    thread.start()
    thread.join()
    pid = postmaster(folder)

    assert await ask(postgres.start(), "SELECT 1") == 1
    assert postmaster(folder) == pid


async def test_a_server_that_crashes_is_started_again_by_its_living_owner(
    postgres: EmbeddedPostgres, folder: Path
) -> None:
    before = postgres.start()
    os.kill(postmaster(folder), signal.SIGKILL)

    await postgres.watch()

    assert postgres.start() == before
    assert await ask(before, "SELECT 1") == 1


@pytest.mark.parametrize("milestone", ["draft-*", "draft-*/cluster/PG_VERSION", "cluster", "cluster/postmaster.pid"])
async def test_an_owner_killed_while_it_starts_leaves_nothing_in_the_way(
    milestone: str, empty_folder: Path, starter: Callable[[Path], Starter]
) -> None:
    owner = starter(empty_folder)
    eventually(lambda: list(empty_folder.glob(milestone)))
    owner.kill()

    survivor = EmbeddedPostgres(empty_folder)
    served = survivor.start()

    assert served.owner
    assert await ask(served, "SELECT 1") == 1
    assert drafts(empty_folder) == []
    survivor.stop()


def test_an_orphan_that_is_slow_to_die_is_waited_for(folder: Path, starter: Callable[[Path], Starter]) -> None:
    owner = starter(folder)
    port, _ = owner.started()
    orphan = postmaster(folder)
    os.kill(orphan, signal.SIGSTOP)
    owner.kill()

    survivor = starter(folder)
    os.kill(orphan, signal.SIGCONT)

    assert survivor.started() == (port, True)
    assert postmaster(folder) != orphan


@pytest.fixture
def stranger() -> Iterator[int]:
    account = server_account()
    process = subprocess.Popen(["sleep", "600"], user=account.uid if account else None)
    yield process.pid
    assert process.poll() is None, "a process that has nothing to do with us was killed"
    process.kill()
    process.wait()


async def test_a_stale_pid_file_that_names_a_stranger_by_now_harms_neither(
    postgres: EmbeddedPostgres, folder: Path, stranger: int
) -> None:
    postgres.start()
    pid_file = folder / "cluster/postmaster.pid"
    left_behind = pid_file.read_text().replace(str(postmaster(folder)), str(stranger))
    postgres.stop()
    pid_file.write_text(left_behind)

    assert await ask(postgres.start(), "SELECT 1") == 1


@pytest.mark.parametrize("content", ["", "not a number\n"])
async def test_a_spoiled_pid_file_is_removed(content: str, postgres: EmbeddedPostgres, folder: Path) -> None:
    postgres.start()
    postgres.stop()
    (folder / "cluster/postmaster.pid").write_text(content)

    assert await ask(postgres.start(), "SELECT 1") == 1


async def test_a_taken_port_is_left_to_its_holder(postgres: EmbeddedPostgres) -> None:
    first = postgres.start()
    postgres.stop()

    with socket.create_server(("127.0.0.1", first.port)):
        second = postgres.start()

    assert second.port != first.port
    assert await ask(second, "SELECT 1") == 1


def test_a_wish_for_a_port_is_granted_if_it_is_free(folder: Path) -> None:
    wish = free_port()
    postgres = EmbeddedPostgres(folder, port=wish)

    assert postgres.start().port == wish
    postgres.stop()


def test_what_the_server_said_last_explains_why_it_did_not_start(postgres: EmbeddedPostgres, folder: Path) -> None:
    postgres.start()
    postgres.stop()
    (folder / "cluster/PG_VERSION").write_text("9\n")

    with pytest.raises(ServerDidNotStart, match="not compatible with this version"):
        postgres.start()


def test_a_failed_start_lets_another_process_try(postgres: EmbeddedPostgres, folder: Path) -> None:
    version = folder / "cluster/PG_VERSION"
    postgres.start()
    postgres.stop()
    right = version.read_text()
    version.write_text("9\n")
    with pytest.raises(ServerDidNotStart):
        postgres.start()
    version.write_text(right)

    other = EmbeddedPostgres(folder)

    assert other.start().owner
    other.stop()


def test_a_full_disk_is_called_by_its_name(tmp_path: Path) -> None:
    assert isinstance(failure("PANIC: could not write: No space left on device", tmp_path), DiskFull)
    assert not isinstance(failure("FATAL: something else", tmp_path), DiskFull)


def test_root_needs_an_account_that_postgresql_agrees_to() -> None:
    assert first_account(("nobody-of-that-name", "root")).uid == 0
    with pytest.raises(NoUnprivilegedAccount, match="nobody-of-that-name"):
        first_account(("nobody-of-that-name",))


def test_programs_in_a_closed_home_are_copied_to_where_every_account_reaches_them(tmp_path: Path) -> None:
    package = programs(None).parent.parent
    closed, open_ = tmp_path / "closed", tmp_path / "copies"
    closed.mkdir(mode=0o700)
    (closed / "tool").touch(mode=0o755)

    copy = readable_copy(package, open_)

    assert not open_to_all(closed / "tool")
    assert all(place.stat().st_mode & 0o555 == 0o555 for place in copy.rglob("*"))
    done = subprocess.run([copy / "pginstall/bin/postgres", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("postgres (PostgreSQL)")
    assert readable_copy(package, open_) == copy


def test_where_the_kernel_does_not_help_a_watchdog_ends_the_server() -> None:
    # A shell that runs the tests in the background has them, and their children, ignore SIGINT.
    obedient = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", obedient], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        dog = subprocess.Popen([sys.executable, "-I", LAUNCH, "watch", str(server.pid)], stdin=subprocess.PIPE)
        dog.communicate()  # the pipe closes, as it does when the owner dies

        assert server.wait() == -signal.SIGINT
