"""What Content Service can be told."""

from typing import ClassVar

from huleedu_service_libs.settings import Count, Port, ServiceSettings

SERVICE_NAME = "content_service"


class ContentSettings(ServiceSettings):
    """Settings of Content Service, read as `CONTENT_SERVICE_<NAME>` or, all but `port` and `host`, as `<NAME>`."""

    service_name: ClassVar[str] = SERVICE_NAME

    port: Port = 8000

    http_max_body_bytes: Count = 25 * 1024 * 1024
    """The largest content that is kept."""
