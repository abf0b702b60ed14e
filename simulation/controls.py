"""Rules, each to be broken: the simulation must find out. Negative controls."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from batch_conductor_service.api import pipeline_routes
from batch_orchestrator_service.domain import on_phase, on_request, timers
from batch_orchestrator_service.domain.run import PhaseRun
from essay_lifecycle_service.implementations import phase_repository_impl
from essay_lifecycle_service.implementations.intake_repository_impl import InMemoryIntakeRepositoryImpl
from essay_lifecycle_service.implementations.phase_repository_impl import InMemoryPhaseRepositoryImpl
from file_service.implementations import read_file_handler
from msgspec.structs import replace
from result_aggregator_service.implementations import result_repository_impl, run_end_handler

from chaos.replacing import replaced
from common_core.messages.control import BatchRunCancelledV1
from huleedu_service_libs.runtime.effects import Later
from simulation.bus import Reader
from simulation.stores import InMemoryAnalyses, InMemoryCancelledRuns, InMemoryTransactions

Function = Callable[..., Any]


class Control(NamedTuple):
    """What is put in the place of a function, made from the function; found within so many batches."""

    place: Any
    name: str
    broken: Callable[[Function], Function]
    within: int = 1_200


def _instead(answer: Any) -> Callable[[Function], Function]:
    """Answers this, whatever it is asked."""

    def broken(rule: Function) -> Function:
        return lambda *arguments, **named: answer

    return broken


def _instead_later(answer: Any) -> Callable[[Function], Function]:
    """The same, to be awaited."""

    def broken(rule: Function) -> Function:
        async def answered(*arguments: Any, **named: Any) -> Any:
            return answer

        return answered

    return broken


def _heeds_no_run(rule: Function) -> Function:
    return lambda batch, outcome, at: rule(batch, replace(outcome, run_id=None, attempt=None), at)


def _heeds_no_attempt(rule: Function) -> Function:
    return lambda batch, outcome, at: rule(batch, replace(outcome, attempt=None), at)


def _sets_no_timer(rule: Function) -> Function:
    return lambda before, after: tuple(each for each in rule(before, after) if not isinstance(each, Later))


def _goes_on_while_paused(rule: Function) -> Function:
    return lambda batch, run, at: rule(replace(batch, paused=None), run, at)


def _forgets_the_failed(rule: Function) -> Function:
    return lambda phase, succeeded, failed: rule(phase, succeeded, {})


def _cancels_in_silence(rule: Function) -> Function:
    def cancel(*asked: Any) -> Any:
        batch, effects = rule(*asked)
        return batch, tuple(each for each in effects if not isinstance(each, BatchRunCancelledV1))

    return cancel


def _loses_early_files(rule: Function) -> Function:
    async def receive(self: InMemoryIntakeRepositoryImpl, uploads: Any, at: Any) -> Any:
        known = [upload for upload in uploads if upload.batch_id in self.batches]
        return await rule(self, known, at)

    return receive


def _depends_on_nothing(rule: Function) -> Function:
    def resolve(*asked: Any, **named: Any) -> Any:
        return tuple(phase.__class__(phase.name, (), phase.reuse) for phase in rule(*asked, **named))

    return resolve


def _last_one_wins(rule: Function) -> Function:
    def newest(results: Any) -> Any:
        return list({(each.batch_id, each.essay_id, each.phase): each for each in results}.values())

    return newest


def _records_all(rule: Function) -> Function:
    async def record(self: InMemoryAnalyses, rows: Any, at: Any) -> Any:
        await rule(self, rows, at)
        return {row.question for row in rows}

    return record


def _out_of_order(rule: Function) -> Function:
    def put(self: Reader, topic: str, key: str, raws: Any) -> None:
        rule(self, topic, key, raws)
        self.channels[topic, key].letters.rotate(1)

    return put


def _keeps_no_answer(rule: Function) -> Function:
    async def run(self: InMemoryTransactions, *asked: Any, **named: Any) -> Any:
        answer = await rule(self, *asked, **named)
        self.answers.clear()
        return answer

    return run


CONTROLS: Mapping[str, Control] = {
    "bos-heeds-no-run": Control(on_phase, "answered", _heeds_no_run),
    "bos-heeds-no-attempt": Control(on_phase, "answered", _heeds_no_attempt),
    "bos-sets-no-timer": Control(timers, "changes", _sets_no_timer),
    "bos-goes-on-while-paused": Control(on_phase, "moved_on", _goes_on_while_paused),
    "bos-forgets-the-failed": Control(PhaseRun, "answered", _forgets_the_failed),
    "bos-cancels-in-silence": Control(on_request, "cancel", _cancels_in_silence),
    "bos-forgets-answers": Control(InMemoryTransactions, "run", _keeps_no_answer),
    "bcs-depends-on-nothing": Control(pipeline_routes, "resolve", _depends_on_nothing),
    "els-heeds-no-cancel": Control(InMemoryPhaseRepositoryImpl, "cancel", _instead_later({})),
    "els-heeds-no-pause": Control(InMemoryPhaseRepositoryImpl, "hold", _instead_later({})),
    "els-takes-all-for-new": Control(phase_repository_impl, "is_new", _instead(True)),
    "els-loses-early-files": Control(InMemoryIntakeRepositoryImpl, "receive", _loses_early_files),
    "files-unanswered": Control(read_file_handler, "answer", _instead(None)),
    "workers-heed-no-cancel": Control(InMemoryCancelledRuns, "contains", _instead_later(False)),
    "nlp-answers-twice": Control(InMemoryAnalyses, "record", _records_all),
    "ras-announces-again": Control(run_end_handler, "with_announced", lambda rule: lambda batch, run_id: batch),
    "ras-believes-the-last": Control(result_repository_impl, "newest", _last_one_wins),
    "bus-out-of-order": Control(Reader, "put", _out_of_order),
}


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Within: this rule is broken."""
    control = CONTROLS[name]
    rule = getattr(control.place, control.name)
    with replaced(control.place, control.name, control.broken(rule)):
        yield
