"""What the NLP service measures beside what every service does."""

from prometheus_client import Counter

from huleedu_service_libs.metrics import ServiceMetrics


class NlpServiceMetrics(ServiceMetrics):
    """`nlp_operations_total` counts essays by operation and by success, failed or skipped."""

    def __init__(self, service_name: str) -> None:
        super().__init__(service_name)
        self.operations = Counter(
            "nlp_operations", "Essays dealt with.", ["operation_type", "status"], registry=self.registry
        )
