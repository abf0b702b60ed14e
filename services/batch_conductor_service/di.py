"""BCS's parts."""

from dishka import Provider, Scope, from_context, provide

from batch_conductor_service.config import BatchConductorSettings
from batch_conductor_service.domain.pipelines import Catalogue
from batch_conductor_service.implementations.yaml_catalogue import YamlCatalogueImpl
from batch_conductor_service.protocols import CatalogueSourceProtocol


class PipelineProvider(Provider):
    """The pipelines, read once."""

    scope = Scope.APP

    settings = from_context(BatchConductorSettings)

    @provide
    def source(self, settings: BatchConductorSettings) -> CatalogueSourceProtocol:
        """The configured file."""
        return YamlCatalogueImpl(settings.pipelines_file)

    @provide
    def catalogue(self, source: CatalogueSourceProtocol) -> Catalogue:
        """What it offers."""
        return source.read()
