"""What one simulated run is drawn from: nothing else decides how it goes."""

import msgspec

FAULTS = ("absence", "crash", "delay", "failure", "jump", "repetition")
"""A service is away; dies between effect and receipt; a message takes long; a computation fails; time leaps; a message
is heard twice."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One school: so many classes, and what goes wrong there."""

    seed: int
    classes: int = 6
    faults: tuple[str, ...] = FAULTS
