"""Where this installation keeps its data."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def data_dir() -> Path:
    """`HULEEDU_DATA_DIR`, else `.huleedu` in a checkout, else the user's data folder."""
    if chosen := os.environ.get("HULEEDU_DATA_DIR"):
        return Path(chosen).expanduser().absolute()
    if (checkout := checkout_dir()) is not None:
        return checkout / ".huleedu"
    return _user_data_dir() / "huleedu"


def checkout_dir() -> Path | None:
    """The checkout this code runs from, if it does."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "dev.py").is_file() else None


def own_command() -> str:
    """What a person types to run this command line: its name where the shell finds it, else its path from here."""
    ours = Path(sys.executable).with_name("huleedu")
    found = shutil.which(ours.name)
    if not ours.exists() or (found is not None and Path(found).resolve() == ours.resolve()):
        return ours.name
    return shlex.quote(os.path.relpath(ours))


def _user_data_dir() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
