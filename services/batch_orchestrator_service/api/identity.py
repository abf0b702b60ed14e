"""Who asks, as a trusted gateway says."""

from urllib.parse import unquote

from quart import request

from batch_orchestrator_service.errors import IdentityMismatch, UserUnknown

USER_HEADER = "X-User-ID"
ENCODING_HEADER = "X-Identity-Encoding"


def asking_user() -> str | None:
    """The user that the gateway names, if any."""
    user = request.headers.get(USER_HEADER) or None
    return unquote(user) if user and request.headers.get(ENCODING_HEADER) == "url" else user


def known_user() -> str:
    """The user. Raises UserUnknown without one."""
    user = asking_user()
    if user is None:
        raise UserUnknown
    return user


def agree_on(user_id: str) -> None:
    """Raises IdentityMismatch if a body's user_id is not that of whoever asks."""
    if asking_user() not in (None, user_id):
        raise IdentityMismatch
