"""Turns itself into a PostgreSQL program that runs under a lesser account and dies with the process that wanted it.

Run as a script of its own, never imported: Python code between `fork` and `exec` of a process with threads may
dead-lock, so the process forks this small interpreter instead. Only the standard library, for a start in milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

FOLDER = "{folder}"
PR_SET_PDEATHSIG = 1


def main(owner: str, uid: str, gid: str, folder: str, *command: str) -> None:
    """Run `command`, with FOLDER standing for the folder, until it ends or `owner` (a process id) does."""
    if uid:
        folder = hand_over(folder)
        become(int(uid), int(gid))
    die_with(int(owner))
    os.execv(command[0], [part.replace(FOLDER, folder) for part in command])


def hand_over(folder: str) -> str:
    """A name for the folder that works even if the account may not walk to it (below root's closed home, say)."""
    if sys.platform != "linux":
        return folder
    descriptor = os.open(folder, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    return f"/proc/self/fd/{descriptor}"


def become(uid: int, gid: int) -> None:
    """Give up every right that the account does not have, for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(owner: int) -> None:
    """Have the kernel send a fast shutdown when the owner dies; set last, since a change of account clears it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != owner:  # it died before the kernel knew our wish
        sys.exit(1)


def watch(server: str) -> None:
    """For other kernels: shut `server` down once our standard input, a pipe that the owner holds open, ends."""
    while os.read(0, 1):
        pass
    os.kill(int(server), signal.SIGINT)


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
