"""`huleedu` itself; the first argument, if not empty, spoils a message (negative control)."""

import sys

from tests.wire.spoilt import SPOILT

spoilt, *words = sys.argv[1:]
if spoilt:
    SPOILT[spoilt]()

from huleedu.main import app  # noqa: E402  # what it imports must find the spoilt message

app(words)
