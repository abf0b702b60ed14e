"""What a list's address asks for; whatever it gets wrong is refused by name."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import ValidationError
from quart import request

from batch_orchestrator_service.errors import (
    LimitOutOfRange,
    MalformedClassId,
    MalformedCursor,
    MalformedOwner,
    MalformedSince,
    MalformedStuck,
    MalformedStuckAfter,
    UnknownStatus,
)
from batch_orchestrator_service.list_models import BatchListQuery
from huleedu_service_libs.errors import Unprocessable

REFUSALS: Mapping[str, type[Unprocessable]] = MappingProxyType(
    {
        "status": UnknownStatus,
        "class_id": MalformedClassId,
        "owner": MalformedOwner,
        "since": MalformedSince,
        "stuck": MalformedStuck,
        "stuck_after": MalformedStuckAfter,
        "limit": LimitOutOfRange,
        "cursor": MalformedCursor,
    }
)


def list_query() -> BatchListQuery:
    """What is asked for. Raises the refusal of the first parameter that cannot be understood."""
    given = {name: request.args[name] for name in REFUSALS if name in request.args and name != "status"}
    statuses = {"status": request.args.getlist("status")} if "status" in request.args else {}
    try:
        return BatchListQuery.model_validate(given | statuses)
    except ValidationError as error:
        raise REFUSALS[str(error.errors()[0]["loc"][0])] from error
