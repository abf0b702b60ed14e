"""What the result aggregator can be told."""

from typing import ClassVar

from huleedu_service_libs.settings import Port, ServiceSettings

SERVICE_NAME = "result_aggregator_service"


class ResultAggregatorSettings(ServiceSettings):
    """Its port; everything else is as for every service."""

    service_name: ClassVar[str] = SERVICE_NAME

    port: Port = 4003
