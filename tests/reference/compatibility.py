"""Which changes of a JSON schema would break somebody who writes or reads what it describes."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_WHAT_IS_TAKEN = ("type", "format", "pattern", "const", "minimum", "maximum", "minLength", "maxLength")


def breaks(old: Schema, new: Schema) -> list[str]:
    """Each change by which what is said under one schema would not be understood under the other, by place.

    What may come is a field that nobody has to say, and a value more in a vocabulary: readers expect those.
    """
    return sorted(_Comparison(old, new).changes("", old, new))


class _Comparison:
    """Two whole schemas, whose parts refer to their definitions. No definition refers to itself."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old.get("$defs", {}), new.get("$defs", {})

    def changes(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        """What breaks at this place and below it."""
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        yield from _of_type(place, old, new)
        yield from _of_values(place, old, new)
        yield from _of_fields(place, old, new)
        yield from self._of_choices(place, old, new)
        for name, was, now in _parts(old, new):
            yield from self.changes(f"{place}{name}", was, now)

    def _of_choices(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        """What may be of several types may go on being of each, and of no other."""
        was, now = old.get("anyOf", []), new.get("anyOf", [])
        for one in was:
            if not any(self._goes_on(one, other) for other in now):
                yield f"{place}: may no longer be {_title(one)}"
        for other in now:
            if not any(self._goes_on(one, other) for one in was):
                yield f"{place}: may now be {_title(other)}"

    def _goes_on(self, old: Schema, new: Schema) -> bool:
        return not any(self.changes("", old, new))


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    while reference := schema.get("$ref"):
        schema = definitions[reference.removeprefix("#/$defs/")]
    return schema


def _of_type(place: str, old: Schema, new: Schema) -> Iterator[str]:
    for word in _WHAT_IS_TAKEN:
        if old.get(word) != new.get(word):
            yield f"{place}: {word} was {old.get(word)}, is {new.get(word)}"


def _of_values(place: str, old: Schema, new: Schema) -> Iterator[str]:
    if ("enum" in old) != ("enum" in new):
        yield f"{place}: became a vocabulary, or is one no longer"
        return
    for value in old.get("enum", ()):
        if value not in new["enum"]:
            yield f"{place}: the value {value} is gone"


def _of_fields(place: str, old: Schema, new: Schema) -> Iterator[str]:
    for name in old.get("properties", {}).keys() - new.get("properties", {}).keys():
        yield f"{place}.{name}: the field is gone"
    for name in set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{place}.{name}: the field must now be said"
    for name in set(old.get("required", ())) - set(new.get("required", ())):
        yield f"{place}.{name}: the field may now be missing"


def _parts(old: Schema, new: Schema) -> Iterator[tuple[str, Schema, Schema]]:
    """Fields of both, items of a list, values of a mapping."""
    was, now = old.get("properties", {}), new.get("properties", {})
    yield from ((f".{name}", was[name], now[name]) for name in was.keys() & now.keys())
    for word, name in (("items", "[]"), ("additionalProperties", "{}")):
        if word in old or word in new:
            yield name, old.get(word, {}), new.get(word, {})


def _title(schema: Schema) -> str:
    return str(schema.get("$ref", schema.get("type", "anything"))).rpartition("/")[2]
