"""Books of streams: everybody's, the teacher's and one batch's, each once cut off; and what may be wrong with them."""

from batch_orchestrator_service.tests.said import BATCH
from msgspec.structs import replace

from chaos.books import Books, Shown
from chaos.diary import Watched
from tests.chaos_cluster.balanced import BALANCED, TEACHER

EPOCH = "0" * 32
STREAMS = (("", ""), (TEACHER, ""), ("", BATCH))
SHOWN = (
    Shown(3, TEACHER, BATCH, "fact", "d1", 1),
    Shown(5, TEACHER, BATCH, "fact", "d2", 2),
    Shown(6, TEACHER, BATCH, "fact", "d3", 3),
    Shown(8, TEACHER, BATCH, "progress", "p"),
    Shown(9, TEACHER, BATCH, "fact", "d4", 4),
    Shown(12, TEACHER, BATCH, "fact", "d5", 5),
    Shown(13, "somebody else", "another batch", "notification", "n"),
)


def seen(user: str, batch_id: str, event: Shown, connection: int = 1) -> Watched:
    """The client was sent this."""
    place = f"{EPOCH}-{event.next}"
    return Watched(
        user=user, batch_id=batch_id, connection=connection, id=place, event=event.event, digest=event.digest
    )


def stream(user: str, batch_id: str) -> tuple[Watched, ...]:
    """From the second fact on; after the fifth event it was cut off, and went on."""
    first = Watched(user=user, batch_id=batch_id, connection=1, id=f"{EPOCH}-4", event="snapshot", digest="s")
    its = [event for event in SHOWN[1:] if event.is_for(user, batch_id)]
    return (
        replace(first, version=1 if batch_id else 0),
        *(seen(user, batch_id, event) for event in its[:3]),
        *(seen(user, batch_id, event, 2) for event in its[3:]),
    )


WATCHED = tuple(each for name in STREAMS for each in stream(*name))
STREAMED = replace(BALANCED, shown=SHOWN, watched=WATCHED)


def but(*watched: Watched) -> Books:
    """Where clients saw this instead."""
    return replace(STREAMED, watched=watched)


AGAIN = replace(WATCHED[0], connection=2, id=f"{EPOCH}-9")
DOCTORED_STREAMS: dict[str, list[Books]] = {
    "facts_not_shown": [
        replace(STREAMED, shown=SHOWN[1:]),
        replace(STREAMED, shown=(*SHOWN, Shown(14, TEACHER, BATCH, "fact", "d5", 5))),
        replace(STREAMED, shown=(SHOWN[1], SHOWN[0], *SHOWN[2:])),
    ],
    "streamed_otherwise": [
        but(*WATCHED[:2], *WATCHED[3:]),
        but(*WATCHED[:-1]),
        but(*WATCHED[:3], *WATCHED[2:]),
        but(*WATCHED[:2], WATCHED[3], WATCHED[2], *WATCHED[4:]),
        but(*WATCHED[:2], replace(WATCHED[2], digest="another"), *WATCHED[3:]),
        but(*WATCHED, seen(TEACHER, "", SHOWN[-1], 2)),
    ],
    "snapshots_out_of_place": [
        but(*WATCHED[1:]),
        but(*WATCHED[:4], AGAIN, *WATCHED[4:]),
        but(replace(WATCHED[0], gap=True), *WATCHED[1:]),
        but(*stream("", BATCH)[1:]),
        but(replace(stream("", BATCH)[0], version=2), *stream("", BATCH)[1:]),
    ],
}
