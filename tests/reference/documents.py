"""The AsyncAPI document of the platform and the OpenAPI document of each service."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from huleedu_service_libs.asyncapi import asyncapi_document
from huleedu_service_libs.openapi import openapi_document
from tests.reference.files import ASYNCAPI, OPENAPI
from tests.reference.services import Started

Document = dict[str, Any]


def documents(services: Iterable[Started]) -> dict[Path, Document]:
    """All documents, by the file that each is committed in."""
    services = list(services)
    asked = {OPENAPI / f"{service.name}.json": openapi_document(service.app) for service in services}
    return asked | {ASYNCAPI: asyncapi_document("HuleEdu events", [service.events for service in services])}


def nodes(value: Any, place: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document, with its place."""
    if isinstance(value, dict):
        yield place, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from nodes(part, f"{place}/{name}")


def at(document: Document, reference: str) -> Any:
    """What a reference within the document leads to; None if nothing is there."""
    found: Any = document
    first, *names = reference.split("/")
    for name in names:
        found = found.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found if first == "#" else None
