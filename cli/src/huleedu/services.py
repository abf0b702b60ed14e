"""The services of this installation, by name; imported only when they are needed."""

from collections.abc import Sequence
from importlib import import_module

from huleedu_service_libs.service import ServiceDefinition

SERVICES = (
    "content_service",
    "batch_conductor_service",
    "batch_orchestrator_service",
    "essay_lifecycle_service",
    "file_service",
    "class_management_service",
    "spellchecker_service",
    "nlp_service",
    "result_aggregator_service",
)


class UnknownService(Exception):
    """There is no such service here."""


def definition(name: str) -> ServiceDefinition:
    """The service's definition; `_service` at the end of its name may be left out."""
    for known in SERVICES:
        if name in (known, known.removesuffix("_service")):
            found: ServiceDefinition = import_module(f"{known}.startup_setup").DEFINITION
            return found
    raise UnknownService(f"There is no service {name!r} here. There are: {', '.join(SERVICES)}.")


def definitions(names: Sequence[str] = SERVICES) -> list[ServiceDefinition]:
    """These services' definitions."""
    return [definition(name) for name in names]
