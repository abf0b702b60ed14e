"""Whether a batch takes a pipeline now, and what it can tell about what is done already."""

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.run import PhaseRun
from batch_orchestrator_service.errors import BatchNotReady, ContentIngestionFailed, RunActive
from common_core.enums import PhaseName
from huleedu_service_libs.errors import RefusedCommand


def refusal(batch: Batch) -> RefusedCommand | None:
    """Why the batch takes no pipeline now, if it does not."""
    if (run := batch.active_run) is not None:
        return RunActive(run_id=run.run_id, pipeline=run.pipeline)
    if batch.ingestion.is_open:
        return BatchNotReady()
    if not batch.essays.ready:
        return ContentIngestionFailed()
    return None


def essay_states(batch: Batch) -> dict[PhaseName, dict[str, int]]:
    """For each phase that gave something: how many essays it succeeded and failed on, and how many are left for it."""
    return {
        phase.name: {
            "succeeded": len(phase.succeeded),
            "failed": len(phase.failed),
            "left": len(_candidates(batch, phase).difference(phase.succeeded, phase.failed)),
        }
        for phase in batch.done.values()
    }


def _candidates(batch: Batch, phase: PhaseRun) -> set[int]:
    """The essays that have come through all that the phase depends on."""
    done = batch.done
    return set(batch.essays.ready).intersection(*(done[name].succeeded for name in phase.depends_on if name in done))
