"""What the spellchecker listens to, as data."""

from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.runtime import Group
from spellchecker_service.config import SERVICE_NAME
from spellchecker_service.protocols import SpellingEngineProtocol


class SpellcheckerKafkaConsumer:
    """Binds messages to their handlers."""

    def __init__(self, engine: SpellingEngineProtocol, cancelled: CancelledRuns) -> None:
        self._engine, self._cancelled = engine, cancelled

    def groups(self) -> tuple[Group, ...]:
        """The service's readers."""
        return (self._engine.group(), self._cancelled.group(SERVICE_NAME))
