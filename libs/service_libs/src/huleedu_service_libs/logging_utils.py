"""Structured logs: one JSON object a line (or a readable line on a console), written by a thread of its own.

Several services share a process, so the service's name is bound to each logger, never to the process. Our own lines do
not pass through the standard library's logging, which costs three times what the rest of a line does; its levels hold.
"""

import json
import logging
import sys
import threading
from collections import deque
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar, Literal, TextIO, cast

import msgspec
import structlog
from opentelemetry import trace
from structlog.typing import Processor

from huleedu_service_libs.correlation import current_correlation_id

_SECRET = ("password", "secret", "token", "authorization", "cookie", "api_key", "dsn")
_PROSE = frozenset({"text", "content", "body", "essay_text", "corrected_text", "student_prompt_text"})
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "exception": logging.ERROR,
    "critical": logging.CRITICAL,
}
_GATHER = 0.02
"""Seconds that the writer waits for more lines."""
_LONGEST_VALUE = 2_000
"""Characters: enough for any id or reason, too little for an essay."""


class LogPipe(logging.Handler):
    """The root logger's way out: lines are rendered by who logs, and written some at a time by a thread."""

    def __init__(self, stream: TextIO, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._stream = stream
        self._lines: deque[str] = deque()
        self._something = threading.Event()
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write_until_closed, name="log writer", daemon=True)
        self._writer.start()
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Render a library's line and leave it to the thread."""
        try:
            self.take(self.format(record))
        except Exception:
            self.handleError(record)

    def take(self, line: str) -> None:
        """Leave a line to the thread."""
        self._lines.append(line)
        self._something.set()

    def close(self) -> None:
        """Detach from the root logger and wait until the last line is written. Closing again does nothing."""
        logging.getLogger().removeHandler(self)
        self._closing.set()
        self._something.set()
        self._writer.join()
        super().close()

    def _write_until_closed(self) -> None:
        while not self._closing.is_set():
            self._something.wait()
            # A thread that woke up for each line would take the processor from whoever wrote it.
            self._closing.wait(_GATHER)
            self._something.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        with suppress(OSError, ValueError):  # who read the stream is gone: the work goes on
            self._stream.writelines(f"{line}\n" for line in lines)
            self._stream.flush()


def configure_logging(
    *,
    level: str = "INFO",
    log_format: Literal["json", "console"] = "json",
    environment: str = "development",
    stream: TextIO | None = None,
) -> LogPipe:
    """Send this process's logs, libraries' included, to `stream` (stdout unless told). Close the pipe at the end.

    Called by whoever owns the process, once. A line costs its caller the rendering; the writing is a thread's.
    """
    rendering = _rendering(log_format, environment)
    logging.getLogger().setLevel(level)
    pipe = LogPipe(stream or sys.stdout, _formatter(rendering))
    _Entrance.pipe = pipe
    structlog.configure(
        processors=[_gate, *_enrichment(), *rendering],
        logger_factory=_Entrance,
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return pipe


class _Entrance:
    """Where our own lines, rendered, enter the pipe that is open now; its gate is the standard logger of that name."""

    pipe: ClassVar[LogPipe | None] = None

    def __init__(self, name: str = "") -> None:
        self.gate = logging.getLogger(name)

    def take(self, line: str) -> None:
        if self.pipe is not None:
            self.pipe.take(line)

    debug = info = warning = error = critical = exception = log = msg = take


def _gate(logger: _Entrance, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if logger.gate.isEnabledFor(_LEVELS[method]):
        return line
    raise structlog.DropEvent


def set_log_level(service_name: str, level: str) -> None:
    """Give one service of this process a level of its own."""
    logging.getLogger(service_name).setLevel(level)


def create_service_logger(service_name: str, logger_name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines carry the service's name. Context is added by keywords or `bind`.

    It may be made before logging is configured: what counts is how things are at its first line.
    """
    context = {"service.name": service_name, "logger_name": logger_name}
    return structlog.stdlib.get_logger(f"{service_name}.{logger_name}", **context)


def _formatter(rendering: list[Processor]) -> structlog.stdlib.ProcessorFormatter:
    """How libraries' lines are rendered: like ours."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_enrichment(), _name_library],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
    )


def _rendering(log_format: str, environment: str) -> list[Processor]:
    def add_environment(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["deployment.environment"] = environment
        return line

    if log_format == "console":
        return [add_environment, _discreet, structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)]
    return [add_environment, _discreet, structlog.processors.format_exc_info, _as_json]


def _as_json(_: Any, __: str, line: Mapping[str, Any]) -> str:
    try:
        return msgspec.json.encode(line, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a character, from whoever sent it
        return json.dumps(line, default=repr)


def _enrichment() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_correlation,
        _add_span,
    ]


def _name_library(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    line.setdefault("logger_name", cast(logging.LogRecord, line["_record"]).name)
    return line


def _add_correlation(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if (correlation_id := current_correlation_id()) is not None:
        line.setdefault("correlation_id", correlation_id)
    return line


def _add_span(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        line["trace_id"] = trace.format_trace_id(span.trace_id)
        line["span_id"] = trace.format_span_id(span.span_id)
    return line


def _discreet(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """No secrets and no essay text leave by the log."""
    return {name: _discreet_value(name, value) for name, value in line.items()}


def _discreet_value(name: str, value: Any) -> Any:
    if _is_secret(name):
        return "***"
    if name in _PROSE and isinstance(value, str | bytes):
        return f"<{len(value)} long>"
    if isinstance(value, str) and len(value) > _LONGEST_VALUE and name != "exception":
        return f"{value[:_LONGEST_VALUE]}... <{len(value)} long>"
    return value


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)
