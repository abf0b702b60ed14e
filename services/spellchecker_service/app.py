"""The spellchecker's HTTP side: health and metrics."""

from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.tracing import Tracing
from spellchecker_service.config import SERVICE_NAME, SpellcheckerSettings
from spellchecker_service.metrics import SpellcheckerMetrics


def spellchecker_app(
    settings: SpellcheckerSettings, metrics: SpellcheckerMetrics, health: Health, tracing: Tracing
) -> ServiceApp:
    """The app of the service."""
    return create_app(SERVICE_NAME, settings, metrics, (), health=health, tracing=tracing, title="HuleEdu Spellchecker")
