"""What the spellchecker measures beside what every service does."""

from prometheus_client import Counter

from huleedu_service_libs.metrics import ServiceMetrics


class SpellcheckerMetrics(ServiceMetrics):
    """`spell_checker_operations_total` counts essays by language and by success, failed or skipped."""

    def __init__(self, service_name: str) -> None:
        super().__init__(service_name)
        self.operations = Counter(
            "spell_checker_operations", "Essays dealt with.", ["language", "status"], registry=self.registry
        )
