"""Bodies that should be JSON: whatever else they are is refused with a reason, never answered with a 500."""

import json
from typing import Any, NoReturn

from quart import Request

from huleedu_service_libs.errors import BadRequest, UnsupportedType


class MalformedJson(BadRequest):
    """The body is not valid JSON."""

    code = "MALFORMED_JSON"


class ServiceRequest(Request):
    """A request that is strict about JSON."""

    async def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The parsed body, whatever `silent` says. Raises UnsupportedType or MalformedJson."""
        if not (force or self.is_json):
            raise UnsupportedType("The body must be sent as application/json.")
        return _parsed(await self.get_data(cache=cache))


def _parsed(body: str | bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise MalformedJson("The body is nested too deeply.") from None
    except ValueError as error:
        raise MalformedJson(f"The body is not valid JSON: {_reason(error)}.") from None


def _refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities: Python reads them, JSON has none."""
    raise ValueError(f"{name} is not a JSON value")


def _reason(error: ValueError) -> str:
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at line {error.lineno}, column {error.colno}"
        case UnicodeDecodeError():
            return f"byte {error.start} is not {error.encoding}"
        case _:
            return str(error)
