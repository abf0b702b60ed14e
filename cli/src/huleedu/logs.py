"""Where this process's log lines go."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from huleedu_service_libs.logging_utils import configure_logging

LOG_FILE = "huleedu.log"


@contextmanager
def logging_to_file(data_dir: Path) -> Iterator[Path]:
    """JSON lines in the data folder: the screen belongs to whoever watches the essays."""
    path = data_dir / LOG_FILE
    with path.open("a", encoding="utf-8") as stream:
        pipe = configure_logging(level=_level(), log_format="json", environment=_environment(), stream=stream)
        try:
            yield path
        finally:
            pipe.close()


@contextmanager
def logging_to_stdout() -> Iterator[None]:
    """JSON lines, or lines for people where a person watches; `LOG_FORMAT` decides otherwise."""
    asked = os.environ.get("LOG_FORMAT")
    for_people = asked == "console" or (asked is None and sys.stdout.isatty())
    log_format: Literal["json", "console"] = "console" if for_people else "json"
    pipe = configure_logging(level=_level(), log_format=log_format, environment=_environment())
    try:
        yield
    finally:
        pipe.close()


def _level() -> str:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each schema that there is nothing to do
    logging.getLogger("aiokafka").setLevel(logging.WARNING)  # it tells of each step of each rebalance
    logging.getLogger("aiokafka.cluster").setLevel(logging.CRITICAL)  # a topic that was just made is an error to it
    return os.environ.get("LOG_LEVEL", "INFO").upper()


def _environment() -> str:
    return os.environ.get("ENVIRONMENT") or "development"
