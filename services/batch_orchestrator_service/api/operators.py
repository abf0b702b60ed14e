"""Who is an operator: whoever has the operators' token, or where there is none, whoever asks from this machine."""

import hmac
from ipaddress import ip_address

from pydantic import SecretStr
from quart import request

from batch_orchestrator_service.errors import NotAnOperator


def asks_as_operator(token: SecretStr | None) -> bool:
    """What a proxy passes on does not come from this machine, even if the proxy does."""
    if token is not None:
        expected = f"Bearer {token.get_secret_value()}".encode()
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected)
    return _is_loopback(request.remote_addr) and "X-Forwarded-For" not in request.headers


def refuse_others(token: SecretStr | None) -> None:
    """Raises NotAnOperator."""
    if not asks_as_operator(token):
        raise NotAnOperator


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False
