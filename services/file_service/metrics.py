"""What File Service measures beside what every service does."""

from prometheus_client import Counter, Histogram

from file_service.domain.extracted_text import FileFormat
from file_service.domain.uploads import FileUpload
from huleedu_service_libs.metrics import ServiceMetrics

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)


class FileServiceMetrics(ServiceMetrics):
    """Files by type and outcome, and the time that reading one takes, with its wait for a free process."""

    def __init__(self, service_name: str) -> None:
        super().__init__(service_name)
        self._files = Counter(
            "file_service_files_uploaded",
            "Files answered for.",
            ["file_type", "validation_status"],
            registry=self.registry,
        )
        self.extraction = Histogram(
            "file_service_text_extraction_duration_seconds",
            "Time to read a file's text.",
            buckets=_SECONDS,
            registry=self.registry,
        )

    def count(self, upload: FileUpload) -> None:
        """This file has been answered for."""
        suffix = upload.file.file_name.rpartition(".")[2].lower()
        self._files.labels(suffix if suffix in set(FileFormat) else "other", upload.status).inc()
