"""What the Kafka client logs by itself, as lines of ours."""

import logging

import structlog

QUIET_SECONDS = 30.0  # for which the same complaint is not repeated

_logger = structlog.get_logger("huleedu_service_libs.runtime")


class ClientLog(logging.Handler):
    """Takes the client's complaints as warnings, each kind of them now and then.

    It calls an error what it tries again, ten times a second while a broker is away; what it gives up reaches a
    group's `trouble` as an exception.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._last: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the record on, unless its like was passed on a moment ago."""
        kind = str(record.msg)
        if record.created - self._last.get(kind, 0.0) >= QUIET_SECONDS:
            self._last[kind] = record.created
            _logger.warning("kafka client", reason=record.getMessage(), exc_info=record.exc_info)


_client_log = ClientLog()


def take_over_client_log() -> None:
    """Have the client log through us, in this process; again does nothing."""
    client = logging.getLogger("aiokafka")
    client.propagate = False
    client.addHandler(_client_log)
