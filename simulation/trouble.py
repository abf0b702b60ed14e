"""What goes wrong by chance, until it is calm: services are away, die, answer late, fail, repeat themselves."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from random import Random

from simulation.bus import Reader
from simulation.services.parts import SERVICES
from simulation.still import START, VirtualClock
from simulation.workers import Rate

_ABSENCES = (timedelta(seconds=20), timedelta(minutes=12), timedelta(minutes=90), timedelta(hours=30))
_DELAYS = (timedelta(seconds=30), timedelta(minutes=45), timedelta(hours=3))
_LEAPS = (timedelta(seconds=40), timedelta(minutes=1), timedelta(minutes=35), timedelta(hours=2), timedelta(hours=25))
_FAILING = 0.2


class Trouble:
    """Faults, while there are any."""

    def __init__(self, faults: Collection[str], chance: Random, clock: VirtualClock, failing: Rate) -> None:
        self._faults, self._chance, self._clock, self._failing = frozenset(faults), chance, clock, failing
        self._away: dict[str, datetime] = {}
        failing.share = _FAILING if "failure" in faults else 0.0

    def calm(self) -> None:
        """From now on nothing goes wrong."""
        self._faults, self._away, self._failing.share = frozenset(), {}, 0.0

    def is_away(self, service: str) -> bool:
        """Whether it answers nobody and reads nothing."""
        return self._away.get(service, START) > self._clock.now

    @property
    def next_return(self) -> datetime | None:
        """When somebody comes back."""
        return min((until for until in self._away.values() if until > self._clock.now), default=None)

    def strikes(self, kind: str, probability: float) -> bool:
        """Whether this happens now."""
        return kind in self._faults and self._chance.random() < probability

    def strike(self, readers: Collection[Reader], tell: Callable[[str, str], None]) -> None:
        """Perhaps somebody goes away, something is delayed, or much time passes."""
        if self.strikes("absence", 0.006):
            service = self._chance.choice(SERVICES)
            self._away[service] = self._clock.now + self._chance.choice(_ABSENCES)
            tell(service, f"is away until {self._away[service]:%d. %H:%M:%S}")
        if self.strikes("delay", 0.04):
            self._delay(self._chance.choice([*readers]))
        if self.strikes("jump", 0.012):
            self._clock.forward(self._chance.choice(_LEAPS))

    def _delay(self, reader: Reader) -> None:
        channels = [channel for channel in reader.channels.values() if channel.letters]
        if channels:
            self._chance.choice(channels).not_before = self._clock.now + self._chance.choice(_DELAYS)
