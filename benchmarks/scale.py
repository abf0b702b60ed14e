"""`scale`: what an essay-phase costs as batches grow, and as more of them stand open; both should be flat."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.flow import Flow, flow
from benchmarks.measure import forget_peak, peak_memory_mb
from benchmarks.plot import Panel, draw
from benchmarks.rounds import at_once
from benchmarks.stage import Server, server

CLASS = 30
HELD_ESSAYS = 2
# What is out at once for a phase: here the batches that are never answered must not use it up.
SETTINGS = {"essay_lifecycle_service": {"phase_window": 20_000}}


class Size(msgspec.Struct, frozen=True):
    """Essays of a batch, and batches that are open; `essays` are worked on for each point."""

    essays: int
    batch_sizes: Sequence[int]
    open_batches: Sequence[int]


FULL = Size(essays=9000, batch_sizes=(30, 100, 300, 1000, 3000), open_batches=(10, 100, 1000, 10_000))
SHORT = Size(essays=900, batch_sizes=(30, 300), open_batches=(10, 100))


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """What an essay-phase cost there; memory is the most that the process held meanwhile."""

    essays_per_batch: int
    open_batches: int
    essay_phases_per_s: float
    cpu_s_per_1000: float
    own_cpu_s_per_1000: float
    commits_per_essay_phase: float
    wal_bytes_per_essay_phase: float
    memory_mb: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Both series, and what an essay-phase costs at the end of each as a multiple of what it costs at its beginning."""

    by_batch_size: Sequence[Point]
    by_open_batches: Sequence[Point]
    growth_with_batch_size: float
    growth_with_open_batches: float


async def scale(size: Size) -> Figures:
    """A database for each series."""
    async with server() as on:
        sizes = await _growing_batches(on, size)
        opens = await _more_open(on, size)
    return Figures(
        by_batch_size=sizes,
        by_open_batches=opens,
        growth_with_batch_size=_growth(sizes),
        growth_with_open_batches=_growth(opens),
    )


async def _growing_batches(on: Server, size: Size) -> list[Point]:
    async with flow(on, "growing") as running:
        await at_once(running, 20, CLASS)  # warm
        return [await _point(running, size.essays, essays, 0) for essays in size.batch_sizes]


async def _more_open(on: Server, size: Size) -> list[Point]:
    """Half of them wait for essays, half in a phase, while others pass through."""
    async with flow(on, "open", SETTINGS) as running:
        await at_once(running, 20, CLASS)  # warm
        points, before = [], 0
        for count in size.open_batches:
            more, before = count - before, count
            await running.expected(more // 2, CLASS)
            await running.hold(more - more // 2, HELD_ESSAYS)
            points.append(await _point(running, size.essays // 2, CLASS, count))
        return points


async def _point(running: Flow, total: int, essays: int, open_batches: int) -> Point:
    forget_peak()
    rate, cost = await at_once(running, max(1, total // essays), essays)
    essay_phases = rate * cost.seconds
    return Point(
        essays_per_batch=essays,
        open_batches=open_batches,
        essay_phases_per_s=rate,
        cpu_s_per_1000=cost.cpu / essay_phases * 1000,
        own_cpu_s_per_1000=cost.own_cpu / essay_phases * 1000,
        commits_per_essay_phase=cost.commits / essay_phases,
        wal_bytes_per_essay_phase=cost.wal / essay_phases,
        memory_mb=peak_memory_mb(),
    )


def _growth(points: Sequence[Point]) -> float:
    return points[-1].cpu_s_per_1000 / points[0].cpu_s_per_1000


def plotted(figures: Figures, path: Path) -> None:
    """Draw both series."""
    size, opens = figures.by_batch_size, figures.by_open_batches
    panels = [
        Panel("As batches grow", "essays in a batch", [point.essays_per_batch for point in size], _lines(size)),
        Panel("As more batches stand open", "open batches", [point.open_batches for point in opens], _lines(opens)),
    ]
    draw(path, "CPU seconds for 1,000 essay-phases", panels)


def _lines(points: Sequence[Point]) -> dict[str, Sequence[float]]:
    return {
        "services and PostgreSQL": [point.cpu_s_per_1000 for point in points],
        "services": [point.own_cpu_s_per_1000 for point in points],
    }


def run(size: Size) -> Figures:
    """On the fast event loop, as the platform runs."""
    import uvloop

    return uvloop.run(scale(size))
