"""Phases on PostgreSQL: answers are only ever inserted, and counters moved by what the insert says was new."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common_core.enums import PhaseName
from essay_lifecycle_service.domain.phases import (
    Answer,
    EndedPhase,
    KnownPhase,
    Load,
    PhaseStep,
    Plan,
    Progress,
    Release,
    Standing,
    Verdict,
    allot,
    is_new,
    release,
    waves,
)
from essay_lifecycle_service.implementations import phase_statements as sql
from essay_lifecycle_service.implementations.metrics_packing import pack, unpack
from essay_lifecycle_service.implementations.plan_shelf import PlanShelf, ShelvedPlan, packed
from huleedu_service_libs.runtime import current_unit

_Address = tuple[str, str | None, int | None]
_Verdicts = dict[tuple[int, str], Verdict]
_NOWHERE = (0, 0)


class PostgreSQLPhaseRepositoryImpl:
    """See `PhaseRepositoryProtocol`; works in the running unit of work."""

    def __init__(self, window: int, shelf: PlanShelf) -> None:
        """At most `window` essays of a phase are out at once."""
        self._window, self._shelf = window, shelf

    async def open(self, phase: PhaseName, plans: Sequence[Plan], at: datetime) -> PhaseStep:
        """See the protocol: a round for each time that a batch is named, so nearly always one."""
        steps = [await self._open(phase, wave, at) for wave in waves(plans)]
        return PhaseStep(
            releases=[each for step in steps for each in step.releases],
            ended=[each for step in steps for each in step.ended],
        )

    async def _open(self, phase: PhaseName, plans: Sequence[Plan], at: datetime) -> PhaseStep:
        """Lock, see what there is, close what is superseded, write what is new."""
        load = await self._lock(phase)
        known = await self._known(phase, plans)
        fresh = [(plan, known[place]) for place, plan in enumerate(plans) if is_new(plan, known[place])]
        if not fresh:
            return PhaseStep()
        load = await self._supersede(phase, [old for _, olds in fresh for old in olds if old.is_open], load, at)
        new = [plan for plan, _ in fresh]
        releases, load = await self._write(phase, new, load, at)
        return PhaseStep(
            releases=[*releases, *await self._let_out(phase, load)],
            ended=[EndedPhase(plan=plan, verdicts={}) for plan in new if not plan.essays],
        )

    async def record(self, phase: PhaseName, answers: Sequence[Answer], at: datetime) -> PhaseStep:
        """See the protocol: find the phases, insert and count, then what follows from the counts."""
        found = await self._find(phase, answers)
        plans = await self._shelf.get({phase_id for phase_id, _ in found.values()})
        news = _expected(answers, found, plans)
        if not news:
            return PhaseStep(unused=len(answers))
        rows = await current_unit().connection.fetch(sql.RECORD, phase, at, *_verdict_columns(news))
        load = Load(rows[0]["in_flight"], rows[0]["waiting_in_all"])
        moved = [(row["id"], _progress(row)) for row in rows if row["id"] is not None]
        return PhaseStep(
            releases=await self._let_out(phase, load),
            advanced=[Standing(plans[which].plan, progress) for which, progress in moved if not progress.is_over],
            ended=await self._ended([row for row in rows if row["id"] and _progress(row).is_over], plans, news),
            unused=len(answers) - sum(row["n"] or 0 for row in rows),
        )

    async def _lock(self, phase: PhaseName) -> Load:
        row = await current_unit().connection.fetchrow(sql.LOCK, phase)
        assert row is not None
        return Load(row["in_flight"], row["waiting"])

    async def _known(self, phase: PhaseName, plans: Sequence[Plan]) -> Mapping[int, list[KnownPhase]]:
        rows = await current_unit().connection.fetch(
            sql.KNOWN, phase, [plan.batch_id for plan in plans], [plan.run_id for plan in plans]
        )
        known = defaultdict(list)
        for row in rows:
            known[row["ord"] - 1].append(
                KnownPhase(row["id"], row["run_id"], row["attempt"], row["is_open"], _progress(row))
            )
        return known

    async def _supersede(self, phase: PhaseName, old: Sequence[KnownPhase], load: Load, at: datetime) -> Load:
        if not old:
            return load
        out, waiting = sum(each.progress.in_flight for each in old), sum(each.progress.waiting for each in old)
        ids = [each.phase_id for each in old]
        await current_unit().connection.execute(sql.SUPERSEDE, phase, at, ids, out, waiting)
        return load.changed(-out, -waiting)

    async def _write(
        self, phase: PhaseName, plans: Sequence[Plan], load: Load, at: datetime
    ) -> tuple[list[Release], Load]:
        """New phases, with as many essays sent as there is room for, if nobody waits already."""
        totals = [len(plan.essays) for plan in plans]
        shares = allot(load.room(self._window) if not load.waiting else 0, totals)
        waiting = [total - share for total, share in zip(totals, shares, strict=True)]
        rows = await current_unit().connection.fetch(
            sql.OPEN,
            phase,
            at,
            [plan.batch_id for plan in plans],
            [plan.run_id for plan in plans],
            [plan.attempt for plan in plans],
            totals,
            waiting,
            list(map(packed, plans)),
        )
        for row in rows:
            self._shelf.put(row["id"], plans[row["ord"] - 1])
        first = [release(plan, 0, share) for plan, share in zip(plans, shares, strict=True) if share]
        return first, load.changed(sum(shares), sum(waiting))

    async def _find(self, phase: PhaseName, answers: Sequence[Answer]) -> Mapping[_Address, tuple[int, int]]:
        """The open phase that each address means, and how many of its essays have been sent."""
        addresses = list(dict.fromkeys(map(_address, answers)))
        rows = await current_unit().connection.fetch(sql.FIND, phase, *map(list, zip(*addresses, strict=True)))
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
        """As many of those that wait as there is room for, first come first served."""
        room = load.room(self._window)
        if not load.waiting or not room:
            return []
        con = current_unit().connection
        queue = await con.fetch(sql.QUEUE, phase, room)
        shares = allot(room, [row["waiting"] for row in queue])
        ids = [row["id"] for row in queue]
        await con.execute(sql.RELEASE, phase, ids, shares, sum(shares))
        plans = await self._shelf.get(ids)
        return [
            release(plans[row["id"]].plan, row["sent"], share)
            for row, share in zip(queue, shares, strict=True)
            if share
        ]


def _address(answer: Answer) -> _Address:
    return answer.batch_id, answer.run_id, answer.attempt


def _expected(
    answers: Sequence[Answer], found: Mapping[_Address, tuple[int, int]], plans: Mapping[int, ShelvedPlan]
) -> _Verdicts:
    """The first answer about each essay, if it was asked about: not another phase's, nor one whose turn is to come."""
    expected: _Verdicts = {}
    for answer in answers:
        phase_id, sent = found.get(_address(answer), _NOWHERE)
        if sent and plans[phase_id].places.get(answer.essay_id, sent) < sent:
            expected.setdefault((phase_id, answer.essay_id), answer.verdict)
    return expected


def _verdict_columns(verdicts: _Verdicts) -> list[list[Any]]:
    rows = [
        (phase_id, essay_id, verdict.text_storage_id, pack(verdict.metrics), verdict.error_code)
        for (phase_id, essay_id), verdict in verdicts.items()
    ]
    return list(map(list, zip(*rows, strict=True)))


def _verdict(row: Any) -> Verdict:
    return Verdict(text_storage_id=row["text_storage_id"], metrics=unpack(row["metrics"]), error_code=row["error_code"])


def _progress(row: Any) -> Progress:
    return Progress(total=row["total"], waiting=row["waiting"], succeeded=row["succeeded"], failed=row["failed"])
