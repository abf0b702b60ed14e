"""Recovery is counted from a fault's end to the end of the class that was handed in then."""

import msgspec

from chaos import effects
from chaos.diary import Entry, Struck
from chaos.recovery import Figures, by_kind, calm, figures, probe_name, recoveries
from common_core.topics import MESSAGES


def struck(number: int, kind: str, ended: float, *, missed: bool = False) -> Struck:
    return Struck(number=number, kind=kind, target="", began=ended - 1, ended=ended, missed=missed)


def finished(who: str, ended: float) -> Entry:
    return Entry(who=who, what="finished", began=ended, ended=ended)


FAULTS = [struck(1, "kill-kafka", 100), struck(2, "kill-kafka", 200), struck(3, "cut-redis", 300)]
PROBES = [finished(probe_name(1), 107), finished(probe_name(2), 203), finished(probe_name(3), 300.5)]


def test_each_kind_has_its_median_and_its_longest() -> None:
    found = recoveries(FAULTS, PROBES)

    assert by_kind(found) == {"cut-redis": Figures(1, 1, 0.5, 0.5, 0.5), "kill-kafka": Figures(2, 2, 3.0, 7.0, 7.0)}
    assert figures(found) == Figures(3, 3, 3.0, 7.0, 7.0)


def test_a_recovery_into_which_another_fault_fell_is_told_apart() -> None:
    faults = [*FAULTS, struck(4, "cut-redis", 204)]

    assert figures(recoveries(faults, [*PROBES[:1], finished(probe_name(2), 209)])) == Figures(2, 1, 7.0, 7.0, 9.0)


def test_what_was_missed_or_has_not_come_through_has_no_recovery() -> None:
    assert recoveries([struck(1, "kill-redis", 100, missed=True), struck(2, "kill-redis", 200)], PROBES[:1]) == []


def test_without_faults_there_are_no_figures() -> None:
    assert figures([]) == Figures(0, 0, None, None, None)


def test_calm_is_what_undisturbed_probes_take() -> None:
    probes = [
        Entry(who=probe_name(-1), what="register", began=10, ended=11),
        finished(probe_name(-1), 12.5),
        Entry(who=probe_name(4), what="register", began=30, ended=31),
        finished(probe_name(4), 39),
    ]

    assert calm(probes, until=20) == 2.5


def test_effects_are_named_by_fields_that_their_messages_have() -> None:
    known = {message.topic: {field.name for field in msgspec.structs.fields(message)} for message in MESSAGES}

    for message, fields in effects.ONCE.items():
        assert set(fields) <= known[message.topic], message


def test_an_event_tells_its_id_and_its_effect() -> None:
    topic = "huleedu.els.batch_phase.outcome.v1"
    raw = b'{"event_id": "e", "data": {"batch_id": "b", "run_id": "r", "phase_name": "nlp", "attempt": 1}}'

    assert effects.read(topic, raw) == ("e", "r", 0, ((topic, "b", "r", "nlp", "1"),))


def test_a_request_for_several_essays_is_an_effect_for_each() -> None:
    topic = "huleedu.batch.nlp.processing.requested.v2"
    essays = '[{"essay_id": "one"}, {"essay_id": "two"}]'
    data = f'{{"batch_id": "b", "run_id": "r", "attempt": 1, "essays_to_process": {essays}}}'

    told = effects.read(topic, f'{{"event_id": "e", "data": {data}}}'.encode())

    assert [effect[-1] for effect in told.once] == ["one", "two"]
