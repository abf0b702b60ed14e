"""This service's settings."""

from typing import ClassVar

from huleedu_service_libs.settings import Count, Port, ServiceSettings


class Settings(ServiceSettings):
    """See `.env.example`."""

    service_name: ClassVar[str] = "essay_lifecycle_service"

    port: Port = 6000
    phase_window: Count = 2000
    """How many essays of one phase may be out at once, over all batches; the others wait, first come first served."""
