"""Who asks."""

from urllib.parse import unquote

from quart import request

from file_service.errors import IdentityMismatch, InvalidField

MOST_CHARACTERS = 255


def asker(said_in_form: str | None = None) -> str | None:
    """The teacher who asks, as the gateway or else the form says; None for whoever is on this machine.

    Raises InvalidField, or IdentityMismatch when the two disagree.
    """
    user_id = request.headers.get("X-User-ID")
    if user_id and request.headers.get("X-Identity-Encoding") == "url":
        user_id = unquote(user_id)
    if user_id and said_in_form and user_id != said_in_form:
        raise IdentityMismatch
    known = user_id or said_in_form
    return checked("user_id", known) if known else None


def checked(field: str, value: str) -> str:
    """The value, if it can be an id. Raises InvalidField."""
    if not 0 < len(value) <= MOST_CHARACTERS or "\0" in value:
        raise InvalidField(field=field, most=MOST_CHARACTERS)
    return value
