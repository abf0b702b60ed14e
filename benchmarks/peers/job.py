"""The job as every system does it: essays in batches through phases, each of which waits for all of the one before."""

import os
import time
from collections import defaultdict
from pathlib import Path

ESSAYS, PHASES = 30, 3
ALONE = "alone"  # batches whose names begin so are traced: the others do not pay for it

_trace: int | None = None


def trace_to(path: Path) -> None:
    """Have this process, and what it forks, write down when essays of single batches are worked on."""
    global _trace
    _trace = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def work(batch: str, phase: int, essay: int) -> dict[str, int]:
    """An essay's no-op, and its result."""
    if _trace is not None and batch.startswith(ALONE):
        os.write(_trace, f"{batch} {phase} {time.monotonic()}\n".encode())
    return {"phase": phase, "essay": essay}


def transitions(path: Path) -> list[float]:
    """Milliseconds from the last essay of each phase to the first one of the next."""
    times: dict[tuple[str, int], list[float]] = defaultdict(list)
    for line in path.read_text().splitlines():
        batch, phase, at = line.split()
        times[batch, int(phase)].append(float(at))
    return [
        (min(times[batch, phase + 1]) - max(ended)) * 1000
        for (batch, phase), ended in times.items()
        if (batch, phase + 1) in times
    ]
