"""`huleedu` itself; the first argument, if not empty, switches one of its mechanisms off (negative control)."""

import sys

from huleedu.main import app
from tests.chaos.broken import BREAKAGES

breakage, *words = sys.argv[1:]
if breakage:
    BREAKAGES[breakage]()
app(words)
