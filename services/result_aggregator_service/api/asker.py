"""Who asks, as the gateway says."""

from urllib.parse import unquote

from quart import request


def asker() -> str | None:
    """The teacher who asks; None for a service or an operator of this installation."""
    user_id = request.headers.get("X-User-ID")
    if user_id and request.headers.get("X-Identity-Encoding") == "url":
        return unquote(user_id)
    return user_id or None
