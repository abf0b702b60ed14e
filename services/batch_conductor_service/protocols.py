"""The port of the Batch Conductor Service."""

from typing import Protocol

from batch_conductor_service.domain.pipelines import Catalogue


class CatalogueSourceProtocol(Protocol):
    """Where a school's pipelines are written down."""

    def read(self) -> Catalogue:
        """All of them, checked. Raises WrongDefinition, saying where and what."""
