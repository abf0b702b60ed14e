"""Whatever the contracts allow to be said is read as it was said, and is what its schema promises."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from common_core.message import Envelope, Message, envelope_of
from common_core.topics import MESSAGES
from tests.reference.schemas import schema
from tests.wire.any_message import FUTURE, envelopes, richer

each_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.topic)
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(message: type[Message], raw: bytes) -> Envelope[Any]:
    """As a reader of its topic reads it."""
    return msgspec.json.decode(raw, type=envelope_of(message))


@each_message
@few
@given(data=st.data())
def test_what_is_said_is_read(message: type[Message], data: st.DataObject) -> None:
    said = data.draw(envelopes(message))

    assert read(message, msgspec.json.encode(said)) == said


@each_message
@few
@given(data=st.data())
def test_what_is_said_is_what_its_schema_promises(message: type[Message], data: st.DataObject) -> None:
    said = msgspec.json.encode(data.draw(envelopes(message)))

    assert list(Draft202012Validator(schema(message)).iter_errors(json.loads(said))) == []


@each_message
@few
@given(data=st.data())
def test_fields_of_the_future_hurt_nobody_and_survive_nowhere(message: type[Message], data: st.DataObject) -> None:
    said = data.draw(envelopes(message))

    heard = read(message, msgspec.json.encode(richer(said)))

    assert heard == said
    assert FUTURE.encode() not in msgspec.json.encode(heard)
