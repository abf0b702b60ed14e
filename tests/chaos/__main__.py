"""The platform as `huleedu up` runs it; with an argument, one of its mechanisms is switched off (negative control)."""

import sys

from huleedu.main import app
from tests.chaos.broken import BREAKAGES

if len(sys.argv) > 1:
    BREAKAGES[sys.argv[1]]()
app(["up"])
