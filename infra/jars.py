"""Java, and the jars of Apache Kafka: fetched by Maven once per `pom.xml`, then kept in the checkout."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from infra.errors import NoJars, NoJava, NoMaven

POM = Path(__file__).with_name("pom.xml")
KEPT = POM.parents[1] / ".tools/kafka"
OLDEST_JAVA = 17
LAST_WORDS = 2_000


def java() -> str:
    """The path of a Java that runs Kafka; raises `NoJava`."""
    path = shutil.which("java")
    if path is None:
        raise NoJava
    said = subprocess.run([path, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise NoJava(f"{path} -version says: {said}")
    return path


def kafka_jars(kept: Path = KEPT) -> Path:
    """The folder of the jars that `pom.xml` names now; raises `NoMaven` or `NoJars` if they must be fetched first."""
    folder = kept / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    if not folder.exists():
        kept.mkdir(parents=True, exist_ok=True)
        _fetch_to(folder)
        for old in kept.iterdir():
            if old != folder and not old.name.startswith("draft-"):
                shutil.rmtree(old)
    return folder


def _fetch_to(folder: Path) -> None:
    """Whole or not at all: into a draft beside it, then renamed."""
    with tempfile.TemporaryDirectory(prefix="draft-", dir=folder.parent, ignore_cleanup_errors=True) as draft:
        _fetch(Path(draft) / "lib")
        try:
            (Path(draft) / "lib").rename(folder)
        except OSError:  # another process was quicker: its jars are as good
            if not folder.exists():
                raise


def _fetch(lib: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoMaven
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={lib}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise NoJars(done.stdout[-LAST_WORDS:])
