"""Phases on PostgreSQL: answers are only ever inserted, and counters moved by what the insert says was new."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple, replace

from common_core.enums import PhaseName
from common_core.messages.control import PHASE_TIMED_OUT
from essay_lifecycle_service.domain.phases import (
    NOT_IN_TIME,
    Address,
    Answer,
    Cancellation,
    EndedPhase,
    Hold,
    KnownPhase,
    Load,
    PhaseStep,
    Plan,
    Progress,
    Release,
    Standing,
    Verdict,
    is_new,
    release,
    waves,
)
from essay_lifecycle_service.domain.window import Line, Owner, Policy, Waiting, all_may_go, grants
from essay_lifecycle_service.implementations import phase_statements as sql
from essay_lifecycle_service.implementations.metrics_packing import pack, unpack
from essay_lifecycle_service.implementations.plan_shelf import PlanShelf, ShelvedPlan, packed
from huleedu_service_libs.runtime import current_unit
from huleedu_service_libs.runtime.columns import columns

_Verdicts = dict[tuple[int, str], Verdict]
_NOWHERE = (0, 0)
_ANY_NUMBER = 2**62


class _KnownPlan(Struct, frozen=True):
    """A plan, whether it is wanted and may begin, its teacher, and what there is already of its batch and phase."""

    plan: Plan
    is_cancelled: bool
    is_held: bool
    owner: Owner
    phases: list[KnownPhase]


class PostgreSQLPhaseRepositoryImpl:
    """See `PhaseRepositoryProtocol`; works in the running unit of work."""

    def __init__(self, policy: Policy, shelf: PlanShelf) -> None:
        """The policy says how many essays of a phase are out at once, and whose."""
        self._policy, self._shelf = policy, shelf
        self._weights = list(policy.weights), list(policy.weights.values())

    async def open(self, phase: PhaseName, plans: Sequence[Plan], at: datetime) -> PhaseStep:
        """See the protocol: a round for each time that a batch is named, so nearly always one."""
        steps = [await self._open(phase, wave, at) for wave in waves(plans)]
        return PhaseStep(
            releases=[each for step in steps for each in step.releases],
            ended=[each for step in steps for each in step.ended],
            load=next((step.load for step in reversed(steps) if step.load), None),
        )

    async def _open(self, phase: PhaseName, plans: Sequence[Plan], at: datetime) -> PhaseStep:
        """Lock, see what there is, close what is superseded, write what is new."""
        load = await self._lock(phase)
        known = await self._known(phase, plans)
        fresh = [each for each in known if not each.is_cancelled and is_new(each.plan, each.phases)]
        if not fresh:
            return PhaseStep()
        superseded = [old for each in fresh for old in each.phases if old.is_open]
        load = await self._supersede(phase, superseded, load, at)
        releases, load = await self._write(phase, fresh, load, at)
        let_out = await self._let_out(phase, load)
        return PhaseStep(
            releases=[*releases, *let_out],
            ended=[EndedPhase(plan=each.plan, verdicts={}) for each in fresh if not each.plan.essays],
            load=load.after(let_out),
        )

    async def record(self, phase: PhaseName, answers: Sequence[Answer], at: datetime) -> PhaseStep:
        """See the protocol: find the phases, insert and count, then what follows from the counts."""
        found = await self._find(phase, [answer.address for answer in answers])
        plans = await self._shelf.get({phase_id for phase_id, _ in found.values()})
        news = _expected(answers, found, plans)
        step, used = await self._count(phase, news, plans, at) if news else (PhaseStep(), 0)
        if used == len(answers):
            return step
        discarded = await self._discard(phase, answers, at)
        return replace(step, unused=len(answers) - used, discarded=discarded)

    async def _count(
        self, phase: PhaseName, news: _Verdicts, plans: Mapping[int, ShelvedPlan], at: datetime
    ) -> tuple[PhaseStep, int]:
        """Insert, count, and see what follows; also gives how many were new."""
        rows = await current_unit().connection.fetch(sql.RECORD, phase, at, *_verdict_columns(news))
        load = Load(rows[0]["in_flight"], rows[0]["waiting_in_all"])
        moved = [(row["id"], _progress(row)) for row in rows if row["id"] is not None]
        let_out = await self._let_out(phase, load)
        step = PhaseStep(
            releases=let_out,
            load=load.after(let_out),
            advanced=[Standing(plans[which].plan, progress) for which, progress in moved if not progress.is_over],
            ended=await self._ended([row for row in rows if row["id"] and _progress(row).is_over], plans, news),
        )
        return step, sum(row["n"] or 0 for row in rows)

    async def _discard(self, phase: PhaseName, answers: Sequence[Answer], at: datetime) -> int:
        """Keep those that came too late; what was counted in just now, or ever, is none of them."""
        late = [(*astuple(answer.address), answer.essay_id) for answer in answers]
        done = await current_unit().connection.execute(sql.DISCARD, phase, at, *columns(late), PHASE_TIMED_OUT)
        return int(done.split()[-1])

    async def close(self, phase: PhaseName, addresses: Sequence[Address], at: datetime) -> PhaseStep:
        """See the protocol: whoever waits counts as sent, whoever is sent as answered, and then the phase is over."""
        await self._lock(phase)  # first: how many have been sent must not be older than that
        found = await self._find(phase, addresses)
        plans = await self._shelf.get({phase_id for phase_id, _ in found.values()})
        waiting = {phase_id: len(plans[phase_id].places) - sent for phase_id, sent in found.values()}
        if not waiting:
            return PhaseStep()
        con = current_unit().connection
        released = columns((phase_id, count, False) for phase_id, count in waiting.items())
        await con.execute(sql.RELEASE, phase, *released, sum(waiting.values()))
        news = {(phase_id, essay_id): NOT_IN_TIME for phase_id in waiting for essay_id in plans[phase_id].places}
        step, _ = await self._count(phase, news, plans, at)
        return step

    async def hold(self, holds: Sequence[Hold]) -> Mapping[PhaseName, PhaseStep]:
        """See the protocol: all phases are locked, so that no command slips through."""
        con = current_unit().connection
        await con.execute(sql.LOCK_ALL)
        rows = await con.fetch(sql.HOLD, *columns(map(astuple, holds)))
        return await self._let_all_out({row["phase"] for row in rows})

    async def cancel(self, cancelled: Sequence[Cancellation], at: datetime) -> Mapping[PhaseName, PhaseStep]:
        """See the protocol: all phases are locked, so that no command slips through."""
        runs = [(each.batch_id, each.run_id) for each in cancelled if each.run_id]
        if not runs:
            return {}
        con = current_unit().connection
        await con.execute(sql.LOCK_ALL)
        rows = await con.fetch(sql.CANCEL, at, *columns(runs))
        for row in rows:
            self._shelf.drop(row["id"])
        return await self._let_all_out({row["phase"] for row in rows})

    async def _let_all_out(self, phases: Collection[str]) -> Mapping[PhaseName, PhaseStep]:
        """Whoever's turn it has become in these."""
        if not phases:
            return {}
        loads = await current_unit().connection.fetch(sql.LOADS, list(phases))
        return {PhaseName(name): await self._gone_on(PhaseName(name), Load(*counts)) for name, *counts in loads}

    async def _gone_on(self, phase: PhaseName, load: Load) -> PhaseStep:
        let_out = await self._let_out(phase, load)
        return PhaseStep(releases=let_out, load=load.after(let_out))

    async def _lock(self, phase: PhaseName) -> Load:
        row = await current_unit().connection.fetchrow(sql.LOCK, phase)
        assert row is not None
        return Load(row["in_flight"], row["waiting"])

    async def _known(self, phase: PhaseName, plans: Sequence[Plan]) -> list["_KnownPlan"]:
        rows = await current_unit().connection.fetch(
            sql.KNOWN, phase, *columns((plan.batch_id, plan.run_id, plan.owner) for plan in plans)
        )
        known: dict[int, _KnownPlan] = {}
        for row in rows:
            place = row["ord"] - 1
            owner = Owner(plans[place].owner, row["owner_in_flight"])
            found = known.setdefault(place, _KnownPlan(plans[place], row["cancelled"], row["held"], owner, []))
            if row["id"] is not None:
                found.phases.append(
                    KnownPhase(row["id"], row["run_id"], row["attempt"], row["is_open"], _progress(row))
                )
        return [known[place] for place in sorted(known)]

    async def _supersede(self, phase: PhaseName, old: Sequence[KnownPhase], load: Load, at: datetime) -> Load:
        if not old:
            return load
        out, waiting = sum(each.progress.in_flight for each in old), sum(each.progress.waiting for each in old)
        ids = [each.phase_id for each in old]
        await current_unit().connection.execute(sql.SUPERSEDE, phase, at, ids, out, waiting)
        return load.changed(-out, -waiting)

    async def _write(
        self, phase: PhaseName, fresh: Sequence["_KnownPlan"], load: Load, at: datetime
    ) -> tuple[list[Release], Load]:
        """New phases: sent if there is room for all and nobody waits already, else at the ends of their lines."""
        plans = [each.plan for each in fresh]
        sent = not load.waiting and self._may_all_go(fresh, load)
        rows = await current_unit().connection.fetch(
            sql.OPEN, phase, at, *columns(_opened(each, sent) for each in fresh)
        )
        for row in rows:
            self._shelf.put(row["id"], plans[row["ord"] - 1])
        total = sum(len(plan.essays) for plan in plans)
        if not sent:
            return [], load.changed(0, total)
        return [release(plan, 0, len(plan.essays)) for plan in plans if plan.essays], load.changed(total, 0)

    def _may_all_go(self, fresh: Sequence["_KnownPlan"], load: Load) -> bool:
        asked: Counter[Owner] = Counter()
        for each in fresh:
            asked[each.owner] += len(each.plan.essays)
        return not any(each.is_held for each in fresh) and all_may_go(self._policy, load.in_flight, asked.items())

    async def _find(self, phase: PhaseName, named: Sequence[Address]) -> Mapping[Address, tuple[int, int]]:
        """The open phase that each address means, and how many of its essays have been sent."""
        addresses = list(dict.fromkeys(named))
        rows = await current_unit().connection.fetch(sql.FIND, phase, *columns(map(astuple, addresses)))
        return {addresses[row["ord"] - 1]: (row["id"], row["sent"]) for row in rows}

    async def _ended(self, rows: Sequence[Any], plans: Mapping[int, ShelvedPlan], news: _Verdicts) -> list[EndedPhase]:
        """The phases that are over; only those that some answers came for earlier need to be read."""
        verdicts: dict[int, dict[str, Verdict]] = defaultdict(dict)
        for (phase_id, essay_id), verdict in news.items():
            verdicts[phase_id][essay_id] = verdict
        earlier = [row["id"] for row in rows if row["n"] < row["total"]]
        if earlier:
            for row in await current_unit().connection.fetch(sql.VERDICTS, earlier):
                verdicts[row["phase_id"]][row["essay_id"]] = _verdict(row)
        for row in rows:
            self._shelf.drop(row["id"])
        return [EndedPhase(plan=plans[row["id"]].plan, verdicts=verdicts[row["id"]]) for row in rows]

    async def _let_out(self, phase: PhaseName, load: Load) -> list[Release]:
        """As many of those that wait as there is room for, as the policy has it."""
        room = self._policy.room(load.in_flight)
        if not load.waiting or not room:
            return []
        con = current_unit().connection
        rows = await con.fetch(sql.QUEUE, phase, room, self._policy.owner_window or _ANY_NUMBER, *self._weights)
        given = grants(self._policy, load.in_flight, _lines(rows))
        if not given:
            return []
        released = columns((each.phase_id, each.count, each.to_end) for each in given)
        await con.execute(sql.RELEASE, phase, *released, sum(each.count for each in given))
        plans = await self._shelf.get([each.phase_id for each in given])
        return [release(plans[each.phase_id].plan, each.sent, each.count) for each in given]


def _opened(known: "_KnownPlan", sent: bool) -> tuple[Any, ...]:
    plan, total = known.plan, len(known.plan.essays)
    named = (plan.batch_id, plan.run_id, plan.attempt, plan.owner)
    return (*named, total, 0 if sent else total, known.is_held, packed(plan))


def _lines(rows: Sequence[Any]) -> list[Line]:
    """The rows come teacher by teacher."""
    return [
        Line(Owner(*owner), [Waiting(row["id"], row["sent"], row["waiting"]) for row in batches])
        for owner, batches in groupby(rows, key=lambda row: (row["owner"], row["in_flight"], row["served"]))
    ]


def _expected(
    answers: Sequence[Answer], found: Mapping[Address, tuple[int, int]], plans: Mapping[int, ShelvedPlan]
) -> _Verdicts:
    """The first answer about each essay, if it was asked about: not another phase's, nor one whose turn is to come."""
    expected: _Verdicts = {}
    for answer in answers:
        phase_id, sent = found.get(answer.address, _NOWHERE)
        if sent and plans[phase_id].places.get(answer.essay_id, sent) < sent:
            expected.setdefault((phase_id, answer.essay_id), answer.verdict)
    return expected


def _verdict_columns(verdicts: _Verdicts) -> list[list[Any] | None]:
    rows = [
        (phase_id, essay_id, verdict.text_storage_id, pack(verdict.metrics), verdict.error_code)
        for (phase_id, essay_id), verdict in verdicts.items()
    ]
    return columns(rows)


def _verdict(row: Any) -> Verdict:
    return Verdict(text_storage_id=row["text_storage_id"], metrics=unpack(row["metrics"]), error_code=row["error_code"])


def _progress(row: Any) -> Progress:
    return Progress(total=row["total"], waiting=row["waiting"], succeeded=row["succeeded"], failed=row["failed"])
