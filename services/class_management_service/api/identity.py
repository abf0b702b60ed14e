"""Who asks: a teacher, as a trusted gateway says, or another service, by the key that services share."""

import hmac
from ipaddress import ip_address
from urllib.parse import unquote

from pydantic import SecretStr
from quart import request

from class_management_service.errors import IdentityMismatch, InternalKeyWrong, UserUnknown
from class_management_service.implementations.asker import Asker
from huleedu_service_libs.correlation import current_correlation_id

MOST_CHARACTERS = 255


def asker(said_in_body: str | None = None) -> Asker:
    """The teacher. Raises UserUnknown without one, IdentityMismatch if the body says otherwise."""
    user_id = _identity("X-User-ID")
    if user_id is None:
        raise UserUnknown
    if said_in_body not in (None, user_id):
        raise IdentityMismatch
    return Asker(user_id, _identity("X-Org-ID"), current_correlation_id() or "")


def _identity(header: str) -> str | None:
    """What the header says, if it can be an id."""
    said = request.headers.get(header, "")
    if request.headers.get("X-Identity-Encoding") == "url":
        said = unquote(said)
    return said if 0 < len(said) <= MOST_CHARACTERS and said.isprintable() else None


def refuse_strangers(key: SecretStr | None) -> None:
    """Raises InternalKeyWrong for whoever is no service of this installation."""
    named = bool(request.headers.get("X-Service-ID"))
    if key is not None:
        sent = request.headers.get("X-Internal-API-Key", "").encode()
        allowed = named and hmac.compare_digest(sent, key.get_secret_value().encode())
    else:
        allowed = named and _is_loopback(request.remote_addr) and "X-Forwarded-For" not in request.headers
    if not allowed:
        raise InternalKeyWrong


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False
