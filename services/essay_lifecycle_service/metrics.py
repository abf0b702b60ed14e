"""What this service measures besides what every service does."""

from prometheus_client import Counter, Gauge

from huleedu_service_libs.metrics import ServiceMetrics


class EssayLifecycleMetrics(ServiceMetrics):
    """Labels are phases and statuses, never ids."""

    def __init__(self, service_name: str) -> None:
        super().__init__(service_name)
        self.unused_answers = Counter(
            "unused_answers",
            "Answers that changed nothing: repeated, late, of an earlier attempt, or about another phase's essays.",
            ["phase"],
            registry=self.registry,
        )
        self.discarded_answers = Counter(
            "discarded_answers",
            "Those of the unused answers that came after their run had been cancelled or their phase had been closed.",
            ["phase"],
            registry=self.registry,
        )
        self.essays_in_flight = Gauge(
            "essays_in_flight",
            "Essays that are out, over all replicas, when this one last looked.",
            ["phase"],
            registry=self.registry,
        )
        self.essays_waiting = Gauge(
            "essays_waiting",
            "Essays that wait for their teacher's turn, or are paused, when this replica last looked.",
            ["phase"],
            registry=self.registry,
        )
        self.phases_ended = Counter(
            "phases_ended", "Phases of batches that have ended.", ["phase", "status"], registry=self.registry
        )
