"""Any message that the contracts allow, made from what its fields say of themselves."""

from datetime import UTC
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from common_core.message import Envelope, Message, envelope_of

FUTURE = "from_the_future"

_TEXT = st.text(max_size=20)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_TEXT, inside, max_size=3),
    max_leaves=5,
)


def envelopes(message: type[Message]) -> st.SearchStrategy[Envelope[Any]]:
    """Envelopes with such a message in them."""
    return _of(inspect.type_info(envelope_of(message)))


def _of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _of(field.type) for field in fields})
        case inspect.ListType(item_type=item):
            return st.lists(_of(item), max_size=3)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_of(key), _of(value), max_size=3)
        case inspect.UnionType(types=types):
            return st.one_of(*map(_of, types))
        case inspect.EnumType(cls=values):
            return st.sampled_from(values)
        case _:
            return _SIMPLE[type(kind)]


_SIMPLE: dict[type[inspect.Type], st.SearchStrategy[Any]] = {
    inspect.StrType: _TEXT,
    inspect.IntType: st.integers(-(2**63), 2**63 - 1),
    inspect.FloatType: st.floats(allow_nan=False, allow_infinity=False),
    inspect.BoolType: st.booleans(),
    inspect.NoneType: st.none(),
    inspect.DateTimeType: st.datetimes(timezones=st.just(UTC)),
    inspect.AnyType: _JSON,
}


def richer(value: Any) -> Any:
    """As JSON, with a field that nobody knows yet wherever there are fields."""
    if isinstance(value, msgspec.Struct):
        names = {field.name: field.encode_name for field in msgspec.structs.fields(value)}
        fields = {encoded: richer(getattr(value, name)) for name, encoded in names.items()}
        return {FUTURE: {"a": [1, {"b": None}]}} | fields | {f"{FUTURE}_too": "å"}
    if isinstance(value, list):
        return [richer(part) for part in value]
    if isinstance(value, dict):
        return {name: richer(part) for name, part in value.items()}
    return value
