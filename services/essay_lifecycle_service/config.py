"""This service's settings."""

from typing import ClassVar

from pydantic import PositiveFloat

from essay_lifecycle_service.domain.window import Policy
from huleedu_service_libs.settings import Count, Port, ServiceSettings


class Settings(ServiceSettings):
    """See `.env.example`."""

    service_name: ClassVar[str] = "essay_lifecycle_service"

    port: Port = 6000
    phase_window: Count = 2000
    """How many essays of one phase may be out at once, over all teachers; the others wait for their turn."""

    owner_window: Count | None = None
    """How many of them may be one teacher's, also while nobody else wants any; by default all."""

    owner_weights: dict[str, PositiveFloat] = {}
    """How much more than others these teachers, by their ids, may have out while others wait; everybody else's is 1."""

    @property
    def policy(self) -> Policy:
        """What these come to."""
        return Policy(window=self.phase_window, owner_window=self.owner_window, weights=self.owner_weights)
