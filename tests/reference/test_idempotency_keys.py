"""Whatever changes something can be sent again: each such route says what it makes of an Idempotency-Key."""

from collections.abc import Iterator

import pytest
from quart import Blueprint, Quart

from huleedu.services import SERVICES
from huleedu_service_libs.idempotency import HEADER, KEPT, KeyReused, key_use
from huleedu_service_libs.openapi import openapi_document
from huleedu_service_libs.problems import refusals
from tests.reference.services import Started

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def unsaid(app: Quart) -> Iterator[str]:
    """The changing routes that do not say it, or that keep answers and do not document when a key is refused."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        use = key_use(view)
        if (rule.methods or set()) & CHANGING and (use is None or (use == KEPT and KeyReused not in refusals(view))):
            yield rule.rule


@pytest.mark.parametrize("name", SERVICES)
def test_every_changing_route_says_what_it_makes_of_the_key(services: dict[str, Started], name: str) -> None:
    assert list(unsaid(services[name].app)) == []


@pytest.mark.parametrize("name", ["batch_orchestrator_service", "file_service", "content_service"])
def test_the_reference_shows_it(services: dict[str, Started], name: str) -> None:
    paths = openapi_document(services[name].app)["paths"].values()
    changing = [asked for path in paths for method, asked in path.items() if method.upper() in CHANGING]

    assert changing
    for asked in changing:
        (key,) = [each for each in asked["parameters"] if each["name"] == HEADER]
        assert key["in"] == "header"
        assert key["description"]


def test_a_route_that_does_not_is_caught() -> None:
    app, routes = Quart("school"), Blueprint("routes", __name__)

    @routes.post("/bells")
    async def ring() -> str:
        return "ding"

    app.register_blueprint(routes)
    assert list(unsaid(app)) == ["/bells"]
