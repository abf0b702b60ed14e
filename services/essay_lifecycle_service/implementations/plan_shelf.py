"""Plans at hand: they never change, so what was read or written once need not be read again for each answer."""

from collections import OrderedDict
from collections.abc import Collection, Mapping

import msgspec
import zstandard

from essay_lifecycle_service.domain.phases import Plan
from huleedu_service_libs.runtime import current_unit

MAX_ESSAYS = 50_000  # some 20 MB

_READ = "select phase_id, body from phase_plan where phase_id = any($1::bigint[])"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Plan).decode
_compress = zstandard.ZstdCompressor(level=1).compress
_decompress = zstandard.ZstdDecompressor().decompress


class ShelvedPlan(msgspec.Struct, frozen=True):
    """A plan, and the place of each essay in it."""

    plan: Plan
    places: Mapping[str, int]


class PlanShelf:
    """The plans used last, by phase id; an id is never given twice, not even after a roll-back."""

    def __init__(self, max_essays: int = MAX_ESSAYS) -> None:
        self._max_essays, self._essays = max_essays, 0
        self._plans: OrderedDict[int, ShelvedPlan] = OrderedDict()

    @property
    def held(self) -> set[int]:
        """The phases whose plans are at hand."""
        return set(self._plans)

    async def get(self, phase_ids: Collection[int]) -> dict[int, ShelvedPlan]:
        """These plans; the missing ones are read in one statement."""
        missing = [phase_id for phase_id in phase_ids if phase_id not in self._plans]
        found = {phase_id: self._plans[phase_id] for phase_id in phase_ids if phase_id in self._plans}
        for phase_id in found:
            self._plans.move_to_end(phase_id)
        if missing:
            rows = await current_unit().connection.fetch(_READ, missing)
            found |= {row["phase_id"]: self.put(row["phase_id"], unpacked(row["body"])) for row in rows}
        return found

    def put(self, phase_id: int, plan: Plan) -> ShelvedPlan:
        """Keep this one, and let go of the oldest when there are too many."""
        shelved = ShelvedPlan(plan, {ref.essay_id: place for place, ref in enumerate(plan.essays)})
        self._plans[phase_id] = shelved
        self._essays += len(plan.essays)
        while self._essays > self._max_essays and len(self._plans) > 1:
            self.drop(next(iter(self._plans)))
        return shelved

    def drop(self, phase_id: int) -> None:
        """This one will not be asked for again."""
        shelved = self._plans.pop(phase_id, None)
        if shelved is not None:
            self._essays -= len(shelved.plan.essays)


def packed(plan: Plan) -> bytes:
    """A plan as it is stored."""
    return _compress(_encode(plan))


def unpacked(body: bytes) -> Plan:
    """A stored plan."""
    return _decode(_decompress(body))
