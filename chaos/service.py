"""`huleedu`, watched and mortal: `python -m chaos.service WORDS...` is what `huleedu WORDS...` would be.

From the environment: CHAOS_FOLDER (shared with whoever breaks things), CHAOS_NAME (`service.replica`) and CHAOS_BREAK
(mechanisms to switch off, separated by commas: the negative controls).
"""

import os
import sys
from pathlib import Path

from chaos import witness
from chaos.breakages import BREAKAGES
from chaos.points import Points
from huleedu.main import app


def main() -> None:
    """Change what is to be changed, then run."""
    folder, name = Path(os.environ["CHAOS_FOLDER"]), os.environ["CHAOS_NAME"]
    witness.install(folder / "readers")
    Points(folder / "points", name.partition(".")[0], name).install()
    for breakage in filter(None, os.environ.get("CHAOS_BREAK", "").split(",")):
        BREAKAGES[breakage]()
    app(sys.argv[1:])


if __name__ == "__main__":
    main()
