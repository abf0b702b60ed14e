"""The NLP service's HTTP side: health and metrics."""

from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.tracing import Tracing
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.metrics import NlpServiceMetrics


def nlp_app(settings: NlpSettings, metrics: NlpServiceMetrics, health: Health, tracing: Tracing) -> ServiceApp:
    """The app of the service."""
    return create_app(SERVICE_NAME, settings, metrics, (), health=health, tracing=tracing, title="HuleEdu NLP")
