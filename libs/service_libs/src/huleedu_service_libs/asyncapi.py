"""The AsyncAPI 3.0 document of what services say and read, made from the topic registry and their routing tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from inspect import getdoc
from typing import Any

import msgspec

from common_core.message import Message, envelope_of
from common_core.topics import MESSAGES, producers, spellings
from huleedu_service_libs.runtime.kafka.dead_letter_topic import PublishedLetter
from huleedu_service_libs.runtime.kafka.topics import DEAD_LETTER_SUFFIX
from huleedu_service_libs.runtime.routing import Group

_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_HEADERS = {
    "title": "Headers",
    "description": "Written with every record, for whoever looks without reading the payload; never required.",
    "type": "object",
    "properties": {
        "event_id": {"type": "string"},
        "event_type": {"type": "string", "description": "the topic's name"},
        "correlation_id": {"type": "string"},
        "source_service": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C trace context"},
        "content_type": {"type": "string", "const": _JSON},
    },
}


@dataclass(frozen=True)
class EventPart:
    """What one service says, and what each of its groups reads."""

    service: str
    says: tuple[type[Message], ...]
    reads: tuple[tuple[str, type[Message]], ...]

    def channels(self) -> Iterator[tuple[str, type[Message]]]:
        """Each topic that concerns the service, and what it carries; it reads every spelling, and says one."""
        yield from ((message.topic, message) for message in self.says)
        yield from ((topic, message) for _, message in self.reads for topic in spellings(message))


def event_part(service: str, groups: Iterable[Group]) -> EventPart:
    """The part of this service, which has these groups. What it only says to itself is nobody's business."""
    says = tuple(message for message in MESSAGES if service in producers(message))
    reads = tuple((group.name, route.message) for group in groups for route in group.routes)
    return EventPart(service, says, tuple(read for read in reads if read[1] in MESSAGES))


def asyncapi_document(title: str, parts: Iterable[EventPart], *, version: str = "1.0.0") -> dict[str, Any]:
    """The document that shows these parts, the same each time."""
    parts = tuple(parts)
    letters = any(part.reads for part in parts)
    channels = dict(sorted({topic: message for part in parts for topic, message in part.channels()}.items()))
    operations = dict(sorted({name: made for part in parts for name, made in _operations(part)}.items()))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version, "description": _ABOUT},
        "servers": {"kafka": _KAFKA},
        "defaultContentType": _JSON,
        "channels": {topic: _channel(topic, message) for topic, message in channels.items()}
        | (_DEAD_LETTERS if letters else {}),
        "operations": operations,
        "components": _components([message for message in MESSAGES if message in channels.values()], letters),
    }


_ABOUT = (
    "Every record is an envelope in JSON with its message as `data`. Readers go by topic and ignore fields that they do"
    " not know; records with the same key come in order, others in any. A topic of an older spelling carries the same"
    " message: it is read and not said."
)
_KAFKA = {
    "host": "{bootstrap}",
    "protocol": "kafka",
    "description": (
        "Where EVENT_BUS is kafka. Topics are made with as many partitions, replicas and hours of retention as"
        " KAFKA_TOPIC_PARTITIONS, KAFKA_REPLICATION_FACTOR and KAFKA_TOPIC_RETENTION_HOURS say; a record's key decides"
        " its partition, as Kafka's own clients do it. TOPIC_NAMES may have a topic spelt otherwise. Elsewhere the same"
        " records stand in the database's log."
    ),
    "variables": {"bootstrap": {"default": "kafka:9092", "description": "KAFKA_BOOTSTRAP_SERVERS"}},
}
_LETTER, _LETTERS = PublishedLetter.__name__, "dead_letters"
_DEAD_LETTERS = {
    _LETTERS: {
        "address": "{topic}" + DEAD_LETTER_SUFFIX,
        "summary": "What could not be handled, beside the topic that it came from. On Kafka only.",
        "parameters": {"topic": {"description": "Any topic that is read."}},
        "messages": {_LETTER: {"$ref": f"#/components/messages/{_LETTER}"}},
    }
}


def _channel(topic: str, message: type[Message]) -> dict[str, Any]:
    name = message.__name__
    older = "" if topic == message.topic else f"Older spelling of {message.topic}. "
    return {
        "address": topic,
        "summary": older + _about(message),
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operations(part: EventPart) -> Iterator[tuple[str, dict[str, Any]]]:
    for message in part.says:
        yield f"{part.service}.says.{message.topic}", _operation("send", part.service, message.topic, message.__name__)
    for group, message in part.reads:
        for topic in spellings(message):
            read = _operation("receive", part.service, topic, message.__name__)
            read["bindings"] = {"kafka": {"groupId": {"type": "string", "enum": [group]}, "bindingVersion": "0.5.0"}}
            yield f"{group}.reads.{topic}", read
    for group in {group for group, _ in part.reads}:
        yield f"{group}.sets_aside", _operation("send", part.service, _LETTERS, _LETTER)


def _operation(action: str, service: str, channel_name: str, message_name: str) -> dict[str, Any]:
    channel = f"#/channels/{channel_name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{message_name}"}],
        "tags": [{"name": service}],
    }


def _components(messages: list[type[Message]], letters: bool) -> dict[str, Any]:
    kinds = [*map(envelope_of, messages), *([PublishedLetter] if letters else [])]
    payloads, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    described = {m.__name__: _message(m, payload) for m, payload in zip(messages, payloads, strict=False)}
    if letters:
        described[_LETTER] = _letter(payloads[-1])
    return {"messages": described, "schemas": dict(sorted((schemas | {"Headers": _HEADERS}).items()))}


def _letter(payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": _LETTER,
        "summary": "A message that its reader could not handle, and why",
        "contentType": _JSON,
        "payload": payload,
        "bindings": _keyed("that of the message"),
    }


def _message(message: type[Message], payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": message.__name__,
        "summary": _about(message),
        "contentType": _JSON,
        "headers": {"$ref": _REF.format(name="Headers")},
        "correlationId": {"location": "$message.payload#/correlation_id"},
        "payload": payload,
        "bindings": _keyed(f"`data.{message.key_field}`"),
        "x-producer": ", ".join(producers(message)),
    }


def _keyed(by: str) -> dict[str, Any]:
    return {"kafka": {"key": {"type": "string", "description": by}, "bindingVersion": "0.5.0"}}


def _about(message: type[Message]) -> str:
    return (getdoc(message) or "").partition("\n")[0]
