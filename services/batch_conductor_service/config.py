"""Settings of the Batch Conductor Service."""

from pathlib import Path
from typing import ClassVar

from huleedu_service_libs.settings import Port, ServiceSettings

SERVICE_NAME = "batch_conductor_service"


class BatchConductorSettings(ServiceSettings):
    """What BCS can be told; `pipelines_file` is a school's own definition, in place of the one in the package."""

    service_name: ClassVar[str] = SERVICE_NAME

    port: Port = 4002
    pipelines_file: Path = Path(__file__).parent / "pipelines.yaml"
