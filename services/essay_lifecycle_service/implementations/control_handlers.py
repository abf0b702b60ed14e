"""BOS stops, pauses, resumes or closes: no essay is sent on its own account, and room goes to whoever waits."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from common_core.enums import PhaseName
from common_core.message import Envelope
from common_core.messages.control import (
    BatchPausedV1,
    BatchPhaseDeadlinePassedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
)
from essay_lifecycle_service.domain.phases import Address, Cancellation, Hold, PhaseStep
from essay_lifecycle_service.implementations.phase_handlers import PhaseHandler
from essay_lifecycle_service.protocols import Outbox, PhaseRepositoryProtocol


class ControlHandler:
    """Passes on to phases what BOS says of a whole batch."""

    def __init__(
        self, phases: PhaseRepositoryProtocol, handlers: Mapping[PhaseName, PhaseHandler], outbox: Outbox
    ) -> None:
        self._phases, self._handlers, self._outbox = phases, handlers, outbox

    async def pause(self, paused: Sequence[Envelope[BatchPausedV1]]) -> None:
        """These wait."""
        await self._follow(await self._phases.hold([Hold(e.data.batch_id, e.data.version, waits=True) for e in paused]))

    async def resume(self, resumed: Sequence[Envelope[BatchResumedV1]]) -> None:
        """These wait no longer."""
        await self._go_on(resumed)

    async def cancel(self, cancelled: Sequence[Envelope[BatchRunCancelledV1]]) -> None:
        """These are over. A further run of such a batch is not paused."""
        runs = [Cancellation(each.data.batch_id, each.data.run_id) for each in cancelled]
        await self._follow(await self._phases.cancel(runs, self._outbox().now))
        await self._go_on(cancelled)

    async def close(self, passed: Sequence[Envelope[BatchPhaseDeadlinePassedV1]]) -> None:
        """These phases have had their time."""
        by_phase: dict[PhaseName, list[Address]] = defaultdict(list)
        for each in passed:
            said = each.data
            by_phase[said.phase_name].append(Address(said.batch_id, said.run_id, said.attempt))
        for phase, addresses in by_phase.items():
            await self._handlers[phase].close(addresses)

    async def _go_on(self, said: Sequence[Envelope[BatchResumedV1]] | Sequence[Envelope[BatchRunCancelledV1]]) -> None:
        holds = [Hold(each.data.batch_id, each.data.version, waits=False) for each in said]
        await self._follow(await self._phases.hold(holds))

    async def _follow(self, steps: Mapping[PhaseName, PhaseStep]) -> None:
        for phase, step in steps.items():
            await self._handlers[phase].follow(step)
