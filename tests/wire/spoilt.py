"""A change of a message that no release may make, to see that the tests would notice."""

from collections.abc import Callable

import msgspec

from common_core.enums import PhaseName
from common_core.messages import pipeline
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1


def renamed_field() -> None:
    """The outcome of a phase names its phase otherwise."""

    class Renamed(ELSBatchPhaseOutcomeV1, frozen=True, kw_only=True):
        __doc__ = ELSBatchPhaseOutcomeV1.__doc__

        phase_name: PhaseName = msgspec.field(name="phase")

    setattr(pipeline, ELSBatchPhaseOutcomeV1.__name__, Renamed)  # before anybody has imported it


SPOILT: dict[str, Callable[[], None]] = {"renamed-field": renamed_field}
