"""What is wrong with an OpenAPI 3.1 or AsyncAPI 3.0 document, by place; nothing, if it is valid."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.reference.documents import Document, at, nodes

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_PARAMETER_PLACES = frozenset({"path", "query", "header", "cookie"})
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
# A probe that answers 503 tells what is down in the form in which it tells what is up.
_PROBES = frozenset({"/healthz", "/readyz"})
_STATUS = re.compile(r"[1-5]\d\d|default")
_COMPONENT_NAME = re.compile(r"[A-Za-z0-9._-]+")
_ALWAYS = {"name", "contentType", "payload", "bindings"}
_OF_ENVELOPES = {"headers", "correlationId"}
# AsyncAPI's own schemas are those of draft 07: of its words, these are the ones in use.
_SCHEMA_WORDS = frozenset(
    [
        "$ref",
        "type",
        "format",
        "const",
        "enum",
        "default",
        "title",
        "description",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "anyOf",
    ]
)


def openapi_faults(document: Document) -> list[str]:
    """Structure, references, and that each operation documents its problems."""
    faults = [*_information(document), *_dangling(document)]
    if not re.fullmatch(r"3\.1\.\d+", document.get("openapi", "")):
        faults.append("openapi: not 3.1")
    if not document.get("paths"):
        faults.append("paths: none")
    operations = list(_operations(document))
    ids = Counter(operation.get("operationId") for _, _, operation in operations)
    faults += [f"operationId {name}: {times} times" for name, times in ids.items() if times > 1 or not name]
    for place, path, operation in operations:
        faults += [f"{place}: {fault}" for fault in (*_of_operation(path, operation), *_of_responses(path, operation))]
    return faults


def _operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            yield f"{method} {path}", path, operation | {"method": method}


def _of_operation(path: str, operation: dict[str, Any]) -> Iterator[str]:
    if operation["method"] not in _METHODS or not path.startswith("/"):
        yield "not an operation"
    parameters = operation.get("parameters", [])
    if any(parameter.get("in") not in _PARAMETER_PLACES or "schema" not in parameter for parameter in parameters):
        yield "a parameter without place or schema"
    said = {parameter["name"] for parameter in parameters if parameter["in"] == "path" and parameter.get("required")}
    if said != set(re.findall(r"{(\w+)}", path)):
        yield "its path has other parameters"
    if "requestBody" in operation and not operation["requestBody"].get("content"):
        yield "a body of no type"


def _of_responses(path: str, operation: dict[str, Any]) -> Iterator[str]:
    responses = operation.get("responses", {})
    if not any(status.startswith(("2", "3")) for status in responses):
        yield "no success"
    if "default" not in responses:
        yield "no default"
    for status, response in responses.items():
        if not _STATUS.fullmatch(status) or not response.get("description"):
            yield f"{status}: not a response"
        is_problem = status.startswith(("4", "default")) or (status.startswith("5") and path not in _PROBES)
        if is_problem and response.get("content") != _PROBLEM:
            yield f"{status}: not a problem"


def asyncapi_faults(document: Document) -> list[str]:
    """Structure, references, and that each channel is somebody's."""
    faults = [*_information(document), *_dangling(document), *_of_components(document)]
    if document.get("asyncapi") != "3.0.0":
        faults.append("asyncapi: not 3.0.0")
    channels, used = document.get("channels", {}), set()
    for topic, channel in channels.items():
        if not _leads_to(topic, channel) or not channel.get("messages"):
            faults.append(f"{topic}: no address, or no message")
    for name, operation in document.get("operations", {}).items():
        channel = operation.get("channel", {}).get("$ref", "")
        used.add(channel.removeprefix("#/channels/"))
        if operation.get("action") not in ("send", "receive"):
            faults.append(f"{name}: no action")
        if any(not message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"]):
            faults.append(f"{name}: a message of another channel")
    return faults + [f"{topic}: nobody's" for topic in channels.keys() ^ used]


def _leads_to(topic: str, channel: dict[str, Any]) -> bool:
    """A channel of one topic is called as it is; one of many has a parameter for each brace of its address."""
    address = channel.get("address", "")
    if "parameters" in channel:
        return set(re.findall(r"{(\w+)}", address)) == set(channel["parameters"])
    return bool(address == topic)


def _of_components(document: Document) -> Iterator[str]:
    components = document.get("components", {})
    for kind, parts in components.items():
        yield from (f"{kind}/{name}: not a name" for name in parts if not _COMPONENT_NAME.fullmatch(name))
    for name, message in components.get("messages", {}).items():
        needed = _ALWAYS | (_OF_ENVELOPES if "x-producer" in message else set())
        if missing := needed - message.keys():
            yield f"{name}: no {', '.join(sorted(missing))}"
    for name, schema in components.get("schemas", {}).items():
        yield from (f"{name}: {word} is no word of a schema" for word in _words(schema) - _SCHEMA_WORDS)


def _words(schema: Any) -> set[str]:
    """The words of a schema and of those inside; names of properties and defaults are not words."""
    if isinstance(schema, list):
        return set().union(*map(_words, schema))
    if not isinstance(schema, dict):
        return set()
    inside = [*schema.get("properties", {}).values()]
    inside += [part for word, part in schema.items() if word in ("items", "additionalProperties", "anyOf")]
    return set(schema).union(*map(_words, inside))


def _information(document: Document) -> Iterator[str]:
    if not document.get("info", {}).get("title") or not document.get("info", {}).get("version"):
        yield "info: no title, or no version"


def _dangling(document: Document) -> Iterator[str]:
    for place, node in nodes(document):
        if isinstance(node.get("$ref"), str) and at(document, node["$ref"]) is None:
            yield f"{place}: {node['$ref']} leads nowhere"
