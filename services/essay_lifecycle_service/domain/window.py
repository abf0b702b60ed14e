"""Whose turn it is: the essays of a phase are sent within a window, shared among the teachers who wait."""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec

TURN = 30
"""Essays of a batch, a class's worth, that are sent before the next batch of the same teacher has its turn."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How many essays of a phase may be out at once, over all teachers and of each one.

    A teacher of weight 2 may have twice as many out as another who waits beside him; everybody else's weight is 1.
    """

    window: int
    owner_window: int | None = None
    weights: Mapping[str, float] = {}

    def room(self, in_flight: int) -> int:
        """How many more may be out."""
        return max(0, self.window - in_flight)

    def room_of_one(self, in_flight: int) -> int:
        """How many more one teacher may have out, as far as he alone is concerned."""
        return self.window if self.owner_window is None else max(0, self.owner_window - in_flight)

    def weight(self, owner: str) -> float:
        """The teacher's weight."""
        return self.weights.get(owner, 1.0)


class Owner(msgspec.Struct, frozen=True):
    """A teacher: how many essays are out, and when he last had a turn; a greater number is later."""

    name: str
    in_flight: int = 0
    served: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """A phase of a batch of which `sent` essays have been sent and `count` wait."""

    phase_id: int
    sent: int
    count: int

    @property
    def turn(self) -> int:
        """How many of them go before the next batch has its turn."""
        return min(self.count, TURN - self.sent % TURN)


class Line(msgspec.Struct, frozen=True):
    """A teacher and the batches that wait, the one whose turn it is first."""

    owner: Owner
    batches: Sequence[Waiting]


class Grant(msgspec.Struct, frozen=True):
    """So many essays of a phase go out after those that were `sent`; if `to_end`, it goes to the end of its line."""

    phase_id: int
    sent: int
    count: int
    to_end: bool


def all_may_go(policy: Policy, in_flight: int, asked: Iterable[tuple[Owner, int]]) -> bool:
    """Whether there is room for all that these teachers ask for, each named once."""
    counts = list(asked)
    fits = sum(count for _, count in counts) <= policy.room(in_flight)
    return fits and all(count <= policy.room_of_one(owner.in_flight) for owner, count in counts)


def grants(policy: Policy, in_flight: int, lines: Sequence[Line]) -> list[Grant]:
    """Who goes, until the room is used up or nobody is left who may: one grant for each phase.

    Next is always the teacher with the fewest essays out for his weight; among equals the one whose last turn is
    longest ago. This is max-min fairness (Bertsekas and Gallager, Data Networks, 1992, 6.5.2) over what is out.
    """
    room = policy.room(in_flight)
    served = max((line.owner.served for line in lines), default=0)
    waiting = [_Teacher(policy, line) for line in lines]
    heap = [teacher for teacher in waiting if teacher.most]
    heapq.heapify(heap)
    while room and heap:
        served += 1
        room -= heap[0].take_turn(room, served)
        if heap[0].most:
            heapq.heapreplace(heap, heap[0])
        else:
            heapq.heappop(heap)
    return [grant for teacher in waiting for grant in teacher.granted()]


class _Teacher:
    """One teacher's line while turns are given."""

    def __init__(self, policy: Policy, line: Line) -> None:
        self._weight = policy.weight(line.owner.name)
        self._room = policy.room_of_one(line.owner.in_flight)
        self._in_flight, self._served = line.owner.in_flight, line.owner.served
        self._line = deque(line.batches)
        self._first = {batch.phase_id: batch.sent for batch in line.batches}
        self._counts: dict[int, int] = defaultdict(int)
        self._rotated: set[int] = set()

    def __lt__(self, other: "_Teacher") -> bool:
        return self._rank < other._rank

    @property
    def _rank(self) -> tuple[float, int]:
        return self._in_flight / self._weight, self._served

    @property
    def most(self) -> int:
        """How many essays his next turn has at most."""
        return min(self._room, self._line[0].turn) if self._line else 0

    def take_turn(self, room: int, served: int) -> int:
        """Send what there is room for; answers how many."""
        batch = self._line.popleft()
        count = min(room, self._room, batch.turn)
        self._counts[batch.phase_id] += count
        left = Waiting(batch.phase_id, batch.sent + count, batch.count - count)
        if left.count and count == batch.turn:
            self._rotated.add(batch.phase_id)
            self._line.append(left)
        elif left.count:
            self._line.appendleft(left)
        self._room, self._in_flight, self._served = self._room - count, self._in_flight + count, served
        return count

    def granted(self) -> Iterable[Grant]:
        """What his turns come to."""
        for phase_id, count in self._counts.items():
            yield Grant(phase_id, self._first[phase_id], count, phase_id in self._rotated)
