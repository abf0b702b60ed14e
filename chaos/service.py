"""`huleedu`, watched and mortal: `python -m chaos.service WORDS...` is what `huleedu WORDS...` would be.

From the environment: CHAOS_FOLDER (shared with whoever breaks things) and CHAOS_BREAK (mechanisms to switch off,
separated by commas: the negative controls).
"""

import os
import sys
from pathlib import Path

from chaos import stumbling, witness
from chaos.breakages import BREAKAGES
from chaos.points import Points
from huleedu.main import app

READERS, POINTS = "readers", "points"


def main(words: list[str]) -> None:
    """Change what is to be changed, then run."""
    folder = Path(os.environ["CHAOS_FOLDER"])
    witness.install(folder / READERS)
    stumbling.install()
    Points(folder / POINTS, service=words[-1]).install()
    for breakage in filter(None, os.environ.get("CHAOS_BREAK", "").split(",")):
        BREAKAGES[breakage]()
    app(words)


if __name__ == "__main__":
    main(sys.argv[1:])
