"""How long a worker's threads want to run at a time, told to Linux.

A worker has two busy threads: one of granian's that reads and writes, and one that decides. With
the usual slices the first interrupts the second for every answer, and each request pays for the
switches. With the shortest there are, a thread that began is left alone for that long, and answers
come and go in batches. Its share of the time stays the same, and how soon a request is answered
beside other programs too; see `docs/decisions/0020-slices.md`.
"""

import ctypes
import os
import platform
import struct
import sys
from typing import Final

__all__ = ["ask_for_short_slices"]

_NUMBERS: Final = {"x86_64": 314, "aarch64": 274}
"""Of the system call sched_setattr(2), which Python has no function for."""

_SLICE_NS: Final = 100_000
"""The shortest there is. Linux before 6.12 takes no notice."""

_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""Size, policy, flags, nice value, priority, runtime, deadline, period: sched_setattr(2)."""


def ask_for_short_slices() -> bool:
    """Ask for the shortest slices for the calling thread and those that it starts from now on.

    Returns:
        Whether the system took it. A thread that somebody gave another policy is left as it is.
    """
    number = _NUMBERS.get(platform.machine())
    if sys.platform != "linux" or number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, nice, 0, _SLICE_NS, 0, 0)
    # Where it is forbidden, in a container for instance, everything works as it would without.
    return bool(ctypes.CDLL(None).syscall(number, 0, attributes, 0) == 0)
