"""Jobs: one device each, tried again after a pulled cable, many in parallel."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from serial.tools.list_ports import comports

from ampacity_host.progress import Progress

POLL_S = 0.2


def port_is_there(name: str) -> bool:
    """Does this serial device exist now?"""
    if os.name == "nt":
        return name.upper() in {port.device.upper() for port in comports()}
    return Path(name).exists()


class CableLost(Exception):
    """The device went away, or did not answer: worth another try when it is there again."""


class NotWritten(CableLost):
    """The device answered, and holds other bytes than were sent: worth another try."""


class Failed(Exception):
    """The device answered, and another try would end the same way."""


class Job(Protocol):
    """One device and what is to be written to it. It is continued by calling `run` again."""

    @property
    def name(self) -> str:
        """Of the device."""

    def run(self, progress: Progress) -> str:
        """Writes and reads back; a sentence on what was done. Raises CableLost, Failed."""

    def is_there(self) -> bool:
        """Can the device be seen now?"""


@dataclass(frozen=True)
class Patience:
    """tries: attempts for each device; wait_s: how long a device may be away before it is given up."""

    tries: int = 3
    wait_s: float = 60.0


@dataclass(frozen=True)
class Outcome:
    """How a job ended. lost: given up because the device was away."""

    name: str
    ok: bool
    lost: bool
    tries: int
    seconds: float
    text: str

    def as_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return {"device": self.name, "ok": self.ok, "lost": self.lost, "tries": self.tries, "seconds": round(self.seconds, 1), "text": self.text}


def run_all(jobs: Sequence[Job], patience: Patience, progress: Progress) -> list[Outcome]:
    """All jobs at once; their outcomes in the order of the jobs."""
    with ThreadPoolExecutor(max(len(jobs), 1)) as pool:
        return list(pool.map(lambda job: run(job, patience, progress), jobs))


def run(job: Job, patience: Patience, progress: Progress, clock: Callable[[], float] = time.monotonic) -> Outcome:
    """One job, with as many attempts as it may have."""
    begun, text, lost = clock(), "", True
    for attempt in range(1, patience.tries + 1):
        try:
            text = job.run(progress)
            progress.note(job.name, text)
            return Outcome(job.name, True, False, attempt, clock() - begun, text)
        except Failed as problem:
            progress.note(job.name, f"failed: {problem}")
            return Outcome(job.name, False, False, attempt, clock() - begun, str(problem))
        except CableLost as problem:
            text, lost = str(problem), not isinstance(problem, NotWritten)
        if attempt < patience.tries:
            progress.note(job.name, f"{text}; check the cable; attempt {attempt + 1} of {patience.tries} follows when the device answers")
            if not back(job, patience.wait_s, clock):
                text = f"{text}; it did not come back within {patience.wait_s:g} s"
                break
    progress.note(job.name, f"given up: {text}; run the command again to continue")
    return Outcome(job.name, False, lost, attempt, clock() - begun, text)


def back(job: Job, wait_s: float, clock: Callable[[], float]) -> bool:
    """Waits until the device can be seen; False after `wait_s`."""
    end = clock() + wait_s
    while not job.is_there():
        if clock() >= end:
            return False
        time.sleep(POLL_S)
    time.sleep(POLL_S)
    return True
