"""Why something is said when a request over HTTP is the reason."""

from huleedu_service_libs.correlation import current_correlation_id
from huleedu_service_libs.runtime.unit_of_work import Cause
from huleedu_service_libs.tracing import TRACE_HEADER, current_traceparent


def cause_of_request(correlation_id: str | None = None, **facts: str | None) -> Cause:
    """The request being served: its correlation id, its trace, and facts such as `user_id` for whoever reads on."""
    metadata: dict[str, str | None] = {**facts}
    if (traceparent := current_traceparent()) is not None:
        metadata[TRACE_HEADER] = traceparent
    return Cause(correlation_id or current_correlation_id() or "", metadata or None)
