"""The last release and this one, as processes on one data folder."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.victim import ROOT, Victim


class LastRelease(Victim):
    """The whole platform as it was released, on the libraries of today."""

    def __init__(self, data_dir: Path, packages: Sequence[Path]) -> None:
        """`packages` are the folders that its packages are in."""
        super().__init__(data_dir)
        self._command = [sys.executable, "-c", "from huleedu.main import main; main()", "up"]
        self._environment["PYTHONPATH"] = os.pathsep.join(map(str, packages))

    def places_of(self, names: Sequence[str]) -> list[Path]:
        """Where it finds these packages."""
        script = f"for name in {list(names)}: print(__import__(name).__file__)"
        command = [sys.executable, "-c", script]
        found = subprocess.run(command, cwd=ROOT, env=self._environment, check=True, capture_output=True, text=True)
        return [Path(line) for line in found.stdout.splitlines()]


class ThisService(Victim):
    """One service of today, which takes its work over."""

    def __init__(self, data_dir: Path, name: str, spoilt: str = "") -> None:
        """`spoilt` is one of `tests.wire.spoilt`."""
        super().__init__(data_dir, words=("serve", name))
        self._command = [sys.executable, "-m", "tests.wire", spoilt, "serve", name]
