"""Wheels of HuleEdu's own packages: built, and compared with what the checkout holds."""

import subprocess
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
UV = ROOT / ".tools/venv/bin/uv"
PLACES = ("libs/*", "services/*", "cli")
PROJECTS = sorted(found.parent for place in PLACES for found in ROOT.glob(f"{place}/pyproject.toml"))
NOT_PACKAGED = {"pyproject.toml", "README.md", ".env.example"}


def build(project: Path, folder: Path) -> Path:
    """The project's wheel, built into an empty folder as the image builds it."""
    command = [str(UV), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(project)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def left_out(project: Path, names: set[str]) -> set[str]:
    """Files of the project's package that git knows and that are not among the names in its wheel."""
    return _package_files(project) - names


def names_in(wheel: Path) -> set[str]:
    """What the wheel installs, beside its own description."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def _package_files(project: Path) -> set[str]:
    """As they are named in a wheel: services' folders are packages, the others keep theirs in `src`."""
    listed = subprocess.run(["git", "ls-files"], cwd=project, capture_output=True, text=True, check=True)
    files = [PurePosixPath(line) for line in listed.stdout.splitlines()]
    inside = [file for file in files if "tests" not in file.parts and file.name not in NOT_PACKAGED]
    if (project / "src").exists():
        return {str(file.relative_to("src")) for file in inside if file.parts[0] == "src"}
    return {f"{project.name}/{file}" for file in inside}
