"""The OpenAPI 3.1 document of a service, and a page that shows it without any network."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from quart import Quart
from quart_schema import OpenAPIProvider, QuartSchema
from quart_schema.conversion import PYDANTIC_REF_TEMPLATE
from werkzeug.routing import Rule

from huleedu_service_libs.idempotency import HEADER, MAX_KEY_LENGTH, key_use
from huleedu_service_libs.problems import PROBLEM_JSON, ProblemBody, RefusedCommand, View, refusals

_STREAMED = "_huleedu_streamed"
_PROBLEM = {PROBLEM_JSON: {"schema": {"$ref": PYDANTIC_REF_TEMPLATE.format(model="ProblemBody")}}}


class ServiceOpenAPIProvider(OpenAPIProvider):
    """Adds what quart-schema leaves out: problems, required bodies, a stable order."""

    def schema(self) -> dict[str, Any]:
        """The whole document, the same each time."""
        document = super().schema()
        problem = ProblemBody.model_json_schema(ref_template=PYDANTIC_REF_TEMPLATE, mode="serialization")
        schemas = document["components"]["schemas"]
        schemas |= problem.pop("$defs") | {"ProblemBody": problem}
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        document["paths"] = dict(sorted(document["paths"].items()))
        return document

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        """The operations of one rule, their problems included."""
        paths, components = super().build_paths(rule)
        view = self._app.view_functions[rule.endpoint]
        refused, streamed = refusals(view), getattr(view, _STREAMED, None)
        for path, operations in paths.items():
            paths[path] = {
                method: _completed(_keyed(operation, key_use(view)), refused, streamed)
                for method, operation in sorted(operations.items())
            }
        return paths, components | (streamed.components if streamed else {})


def _keyed(operation: dict[str, Any], use: str | None) -> dict[str, Any]:
    """With the header that makes sending it twice safe."""
    if use is None:
        return operation
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH}
    key = {"name": HEADER, "in": "header", "required": False, "description": use, "schema": schema}
    return operation | {"parameters": [*operation.get("parameters", []), key]}


@dataclass(frozen=True)
class _Streamed:
    """What a route streams: as text, whose parts are described in words and by models."""

    response: dict[str, Any]
    components: dict[str, Any]


def streams(media_type: str, description: str, *models: type[BaseModel]) -> Callable[[View], View]:
    """Document that a route answers with a stream of this type; `models` are those that the description names."""
    components: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template=PYDANTIC_REF_TEMPLATE, mode="serialization")
        components |= schema.pop("$defs", {}) | {model.__name__: schema}
    response = {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}

    def decorate(view: View) -> View:
        setattr(view, _STREAMED, _Streamed(response, components))
        return view

    return decorate


def _completed(
    operation: dict[str, Any], refused: tuple[type[RefusedCommand], ...], streamed: _Streamed | None
) -> dict[str, Any]:
    responses = {str(status): response for status, response in operation["responses"].items()}
    if streamed is not None:
        responses["200"] = streamed.response
    if not any(status < "400" for status in responses):
        responses["200"] = {"description": "What the description says; no JSON."}
    responses |= _problems(refused)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
        responses.setdefault("400", {"description": "VALIDATION_ERROR or MALFORMED_JSON", "content": _PROBLEM})
    responses["default"] = {"description": "Any other problem.", "content": _PROBLEM}
    return operation | {"responses": dict(sorted(responses.items())), "tags": sorted(operation.get("tags", []))}


def _problems(refused: tuple[type[RefusedCommand], ...]) -> dict[str, Any]:
    """One response a status; its description lists the codes."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for refusal in refused:
        lines[str(refusal.status)].append(f"{refusal.code}: {refusal.message()}")
    return {status: {"description": "\n\n".join(codes), "content": _PROBLEM} for status, codes in lines.items()}


def openapi_document(app: Quart) -> dict[str, Any]:
    """The document as it is served, for committing and comparing."""
    extension: QuartSchema = app.extensions["QUART_SCHEMA"]
    return extension.openapi_provider.schema()


def page(name: str) -> str:
    """A page that shows a document: plain, and without any network."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
