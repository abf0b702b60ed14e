"""What one file may cost."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Size of the file in bytes, CPU and wall time of its reading in seconds, memory of its process in bytes.

    Memory is limited on Linux only; elsewhere the wall limit has to do. `files_per_child` is how many files a process
    reads before it is replaced, which gives back what the parsers have not freed.
    """

    most_bytes: int = 10_000_000
    cpu_seconds: int = 20
    wall_seconds: float = 30.0
    memory_bytes: int = 1_000_000_000
    files_per_child: int = 100
