#!/usr/bin/env python3
"""One command from a bare checkout to a running HuleEdu: `python3 dev.py demo`.

It needs Python and nothing else. Pythons too old to run HuleEdu can still read this file, so that it can tell them.
"""

import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

USAGE = """python3 dev.py COMMAND

  demo [FOLDER] [--course ENG5] [--pipeline nlp]   take the sample classes, or a folder of essays, to results
  up                                               keep the platform running
  test [ARGS]                                      run all tests; ARGS go to pytest
  check                                            lint, format and type check; look deploy/ over
  bench orchestrate|register|peers|scale|fairness|lists|streams|matching [ARGS]
                                                   measure
  chaos [--seconds N] [--seed S] [ARGS]            break everything under load; see whether the books balance
  simulate [--seed S] [--batches N] [ARGS]         all services' rules against every kind of bad luck, in memory
  infra up|down|status|logs                        Apache Kafka, PostgreSQL and Redis servers on this machine
  setup                                            only prepare what the others need

Each prepares what is missing first: tools in .tools, packages in .venv, both from pdm.lock."""

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
TOOLS_VENV = TOOLS / "venv"
PDM = TOOLS_VENV / "bin/pdm"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
PINNED_TOOLS = ("pdm[locked]==2.29.3", "uv==0.13.9")
OLDEST, TOO_NEW = (3, 11), (3, 14)
MINOR_VERSION = "{} {}".format(*sys.version_info)
FOR_ONE_COMMAND = ("deploy", "bench-peers")  # groups in pyproject.toml that are fetched when a command first needs them
PROGRESS = ("Downloading", "Prepared", "Installed", "Bytecode compiled")
ROOM_BYTES = 1500 * 1000 * 1000  # for packages, their cache and their compiled code


def main(arguments: "list[str]") -> None:
    command, rest = (arguments or ["help"])[0], arguments[1:]
    if command not in COMMANDS:
        sys.exit(USAGE)
    use_a_python_that_fits()
    set_up()
    COMMANDS[command](rest)


def use_a_python_that_fits() -> None:
    """Go on with this Python, or with another one that the machine has; else say what is missing."""
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        for minor in range(TOO_NEW[1] - 1, OLDEST[1] - 1, -1):
            other = shutil.which(f"python3.{minor}")
            if other and subprocess.call([other, "-c", "import ensurepip"], stderr=subprocess.DEVNULL) == 0:
                os.execv(other, [other, str(ROOT / "dev.py"), *sys.argv[1:]])
        sys.exit(f"HuleEdu needs Python 3.11, 3.12 or 3.13. This is {sys.version.split()[0]} ({sys.executable}).")
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            f"This Python ({sys.executable}) cannot make virtual environments. Debian and Ubuntu keep what it lacks in"
            " a package of its own: run `apt-get install python3-venv` as root, then this command again."
        )


def set_up() -> None:
    """Bring .tools and .venv to what pdm.lock says; at once if they are there already."""
    if is_done(VENV, wanted_packages()):
        return
    with one_at_a_time():
        if not is_done(VENV, wanted_packages()):
            demand_room()
            if not is_done(TOOLS_VENV, wanted_tools()):
                install_tools()
            install_packages()
            say("Ready.")


def wanted_tools() -> str:
    """What the tools' environment depends on, as one line."""
    return " ".join((MINOR_VERSION, *PINNED_TOOLS))


def wanted_packages() -> str:
    """What the packages' environment depends on, as one line: the lock, the projects, the Python, the place."""
    projects = [path for place in (".", "libs/*", "services/*", "cli") for path in ROOT.glob(f"{place}/pyproject.toml")]
    content = hashlib.sha256()
    for path in (ROOT / "pdm.lock", *sorted(projects)):
        content.update(str(path).encode() + path.read_bytes())
    return wanted_tools() + " " + content.hexdigest()


def is_done(place: Path, wanted: str) -> bool:
    """Whether the environment was made for exactly this, by the stamp in it, and its Python is still there."""
    made_for = place / "stamp"
    return made_for.exists() and made_for.read_text() == wanted and (place / "bin/python").exists()


def install_tools() -> None:
    say("Fetching the project tools, pdm and uv (once)")
    venv.create(TOOLS_VENV, with_pip=True, clear=True, symlinks=True)
    run(TOOLS_VENV / "bin/python", "-m", "pip", "install", "--quiet", *PINNED_TOOLS)
    stamp(TOOLS_VENV, wanted_tools())


def install_packages() -> None:
    say("Fetching the packages of pdm.lock: PostgreSQL, lexicons and libraries (once; cached for the next time)")
    (VENV / "stamp").unlink(missing_ok=True)
    if python_version_in(VENV) != MINOR_VERSION:
        venv.create(VENV, with_pip=False, clear=True, symlinks=True)
    for place in (ROOT, *(project.parent for project in ROOT.glob("services/*/pyproject.toml"))):
        (place / ".pdm-python").write_text(str(PYTHON))  # or pdm makes an environment of its own there
    with project_file_kept():
        run(PDM, "sync", "--project", ROOT, "--group", ":all", "--without", ",".join(FOR_ONE_COMMAND))
    stamp(VENV, wanted_packages())


def install_group(group: str) -> None:
    """Add the packages that one command alone needs; at once if they are there already."""
    done, wanted = VENV / f"stamp.{group}", wanted_packages()
    with one_at_a_time():
        if not done.exists() or done.read_text() != wanted:
            say(f"Fetching the packages of the group {group} in pdm.lock (once)")
            with project_file_kept():
                run(PDM, "sync", "--project", ROOT, "--no-default", "--group", group)
            done.write_text(wanted)


def check() -> None:
    install_group("deploy")
    become(PDM, "run", "--project", ROOT, "check")


def bench(arguments: "list[str]") -> None:
    if "peers" in arguments[:1]:
        install_group("bench-peers")
    become(PDM, "run", "--project", ROOT, "bench", *arguments)


@contextlib.contextmanager
def project_file_kept() -> "Iterator[None]":
    """Put pyproject.toml back, also after a kill: to talk to uv, pdm rewrites it for the time of the installation."""
    project, kept = ROOT / "pyproject.toml", TOOLS / "pyproject.toml"
    if kept.exists():
        kept.replace(project)
        for leftover in (*ROOT.glob("pyproject.toml.*"), *ROOT.glob("uv.lock")):
            leftover.unlink()
    draft = TOOLS / "pyproject.toml.draft"
    draft.write_bytes(project.read_bytes())
    draft.replace(kept)
    try:
        yield
    finally:
        kept.replace(project)


def stamp(environment: Path, wanted: str) -> None:
    """Say what the environment holds; done last, so that an interrupted set-up is taken up again."""
    (environment / "stamp").write_text(wanted)


def python_version_in(environment: Path) -> str:
    """The minor version of the environment's Python; empty if it has none that runs."""
    with contextlib.suppress(OSError):
        command = [str(environment / "bin/python"), "-c", "import sys; print(*sys.version_info[:2])"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    return ""


@contextlib.contextmanager
def one_at_a_time() -> "Iterator[None]":
    """Wait for another set-up of this checkout, if one is running, and keep others waiting."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            say(f"Another set-up is running (pid {lock.read().strip()}), waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        os.set_inheritable(lock.fileno(), True)  # a tool that outlives a killed set-up keeps the next one waiting
        yield


def demand_room() -> None:
    free = shutil.disk_usage(ROOT).free
    if not VENV.exists() and free < ROOM_BYTES:
        sys.exit(f"The disk is nearly full: {free // 10**6} MB free in {ROOT}, about {ROOM_BYTES // 10**6} MB needed.")


def run(*command: object) -> None:
    """Run a tool and show how it gets on, on standard error: standard output is for what the user asked."""
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=str(ROOT),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        close_fds=False,
    )
    said = []
    for line in process.stdout or ():
        said.append(line)
        if line.strip().startswith(PROGRESS):
            sys.stderr.write(f"    {line.strip()}\n")
    if process.wait() != 0:
        give_up("".join(said))


def give_up(said: str) -> None:
    """Show all that a failed tool said, and what it most likely means."""
    sys.stderr.write(said)
    if "No space left on device" in said:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    sys.exit(
        "The set-up stopped; the tool's own words stand above. The first one needs the network."
        " Run the same command again to go on: what is done is kept."
    )


def environment() -> "dict[str, str]":
    """Ours, with the tools first and without what would lead them to another environment."""
    foreign = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "PDM_PYTHON", "PDM_IGNORE_SAVED_PYTHON")
    ours = {name: value for name, value in os.environ.items() if name not in foreign}
    ours["PATH"] = os.pathsep.join((str(TOOLS_VENV / "bin"), os.environ.get("PATH", os.defpath)))
    ours.update(PDM_USE_UV="1", PDM_CHECK_UPDATE="0", PIP_DISABLE_PIP_VERSION_CHECK="1", UV_COMPILE_BYTECODE="1")
    return ours


def become(*command: object) -> None:
    """Hand over to the command: its signals, exit code and output are ours."""
    sys.stdout.flush()
    parts = [str(part) for part in command]
    os.execve(parts[0], parts, environment())


def say(words: str) -> None:
    print(f"[dev.py] {words}", file=sys.stderr, flush=True)


COMMANDS = {
    "setup": lambda arguments: None,
    "demo": lambda arguments: become(VENV / "bin/huleedu", "demo", *arguments),
    "up": lambda arguments: become(VENV / "bin/huleedu", "up", *arguments),
    "test": lambda arguments: become(PDM, "run", "--project", ROOT, "test", *arguments),
    "check": lambda arguments: check(),
    "chaos": lambda arguments: become(PDM, "run", "--project", ROOT, "chaos", *arguments),
    "simulate": lambda arguments: become(PDM, "run", "--project", ROOT, "simulate", *arguments),
    "infra": lambda arguments: become(PDM, "run", "--project", ROOT, "infra", *arguments),
    "bench": bench,
}


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("Stopped. Run the same command again to go on: what is done is kept.")
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        sys.exit(f"The disk is full. Make room for about {ROOM_BYTES // 10**6} MB and run the same command again.")
