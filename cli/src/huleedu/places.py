"""Where this installation keeps its data."""

import os
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


def _user_data_dir() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
