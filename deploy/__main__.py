"""`python -m deploy`: have the tools that know say whether what HuleEdu is deployed with is right. Needs no Docker."""

import subprocess
import sys
import tempfile
from pathlib import Path

from deploy import wheels

HERE = Path(__file__).parent
TOOLS = Path(sys.executable).parent


class Wrong(Exception):
    """A tool found something, or is not there."""


def main() -> None:
    """Look at everything; the first thing found ends it."""
    said_by("hadolint", HERE / "Dockerfile")
    said_by("docker-compose", "--file", HERE / "compose.yaml", "--profile", "*", "config", "--quiet")
    overlays = sorted((HERE / "kubernetes/overlays").iterdir())
    for overlay in overlays:
        resources = said_by("kubectl", "kustomize", overlay)
        said_by("kubernetes-validate", "--strict", "--quiet", "/dev/stdin", given=resources)
    for project in wheels.PROJECTS:
        look_at_wheel(project)
    print(f"The Dockerfile, the compose file, {len(overlays)} overlays and {len(wheels.PROJECTS)} wheels are right.")


def said_by(program: str, *arguments: object, given: str = "") -> str:
    """What the program has to say to `given`. Raises Wrong with its words if it finds something."""
    command = [str(TOOLS / program), *map(str, arguments)]
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Wrong(f"{program} is not installed here: `python3 dev.py check` installs it.") from None
    if done.returncode != 0:
        raise Wrong(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def look_at_wheel(project: Path) -> None:
    """Raises Wrong if the project's wheel lacks a file of its package."""
    with tempfile.TemporaryDirectory() as folder:
        names = wheels.names_in(wheels.build(project, Path(folder)))
    if lacking := wheels.left_out(project, names):
        raise Wrong(f"The wheel of {project.name} lacks {', '.join(sorted(lacking))}.")


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        sys.exit(str(wrong))
