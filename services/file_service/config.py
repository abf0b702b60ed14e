"""What File Service can be told."""

import os
from typing import ClassVar

from pydantic import Field

from huleedu_service_libs.settings import Count, Port, Seconds
from huleedu_service_libs.surroundings import ReadsContent

SERVICE_NAME = "file_service"


def _cores() -> int:
    return os.cpu_count() or 1


class FileSettings(ReadsContent):
    """Settings of File Service, read as `FILE_SERVICE_<NAME>` or, all but `port` and `host`, as `<NAME>`."""

    service_name: ClassVar[str] = SERVICE_NAME

    port: Port = 7001
    bos_url: str = "http://batch_orchestrator_service:5000"

    http_max_body_bytes: Count = 100 * 1024 * 1024
    """The largest request."""

    http_body_timeout: Seconds = 600
    """For a whole class's files over a slow line."""

    max_file_bytes: Count = 10 * 1024 * 1024
    """A larger file fails by itself: FILE_TOO_LARGE."""

    max_files_per_request: Count = 500

    extraction_processes: Count = Field(default_factory=_cores)
    """How many files are read at the same time."""
