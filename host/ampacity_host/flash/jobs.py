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


def is_no_serial_device(name: str) -> bool:
    """Is there something else at this name: a file, a folder, a device of another kind?"""
    if os.name == "nt" or not Path(name).exists():
        return False
    if not Path(name).is_char_device():
        return True
    try:
        port = os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:  # gone meanwhile, or in use
        return False
    try:
        return not os.isatty(port)
    finally:
        os.close(port)


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

    def line(self) -> str:
        """As people read it; the text is that of the job, attempts and seconds are those of all attempts."""
        word = "ok" if self.ok else "LOST" if self.lost else "FAILED"
        return f"{word:7}{self.name}: {self.text} ({self.tries} {'attempt' if self.tries == 1 else 'attempts'}, {self.seconds:.0f} s)"

    def as_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return {"device": self.name, "ok": self.ok, "lost": self.lost, "tries": self.tries, "seconds": round(self.seconds, 1), "text": self.text}


def run_all(jobs: Sequence[Job], patience: Patience, progress: Progress) -> list[Outcome]:
    """All jobs at once; their outcomes in the order of the jobs."""
    with ThreadPoolExecutor(max(len(jobs), 1)) as pool:
        return list(pool.map(lambda job: run(job, patience, progress), jobs))


def run(job: Job, patience: Patience, progress: Progress, clock: Callable[[], float] = time.monotonic) -> Outcome:
    """One job, with as many attempts as it may have. A fault of this program ends this job only."""
    begun, text, lost, attempt = clock(), "not there", True, 0
    while attempt < patience.tries:
        if not there_in_time(job, patience.wait_s, progress, clock):
            text = f"{text}; it did not come back within {patience.wait_s:g} s"
            break
        attempt += 1
        try:
            text = job.run(progress)
            progress.note(job.name, text)
            return Outcome(job.name, True, False, attempt, clock() - begun, text)
        except CableLost as problem:
            text, lost = str(problem), not isinstance(problem, NotWritten)
            progress.note(job.name, f"{text}; check the cable (attempt {attempt} of {patience.tries})")
            time.sleep(POLL_S)
        except Failed as problem:
            return Outcome(job.name, False, False, attempt, clock() - begun, noted(progress, job.name, str(problem)))
        except Exception as problem:
            return Outcome(job.name, False, False, attempt, clock() - begun, noted(progress, job.name, f"{type(problem).__name__}: {problem}"))
    progress.note(job.name, f"given up: {text}; run the command again to continue")
    return Outcome(job.name, False, lost, attempt, clock() - begun, text)


def noted(progress: Progress, name: str, text: str) -> str:
    """The text, which was also shown."""
    progress.note(name, f"failed: {text}")
    return text


def there_in_time(job: Job, wait_s: float, progress: Progress, clock: Callable[[], float]) -> bool:
    """Waits until the device can be seen; False after `wait_s`."""
    if job.is_there():
        return True
    progress.note(job.name, f"not there; waiting {wait_s:g} s for it")
    end = clock() + wait_s
    while clock() < end:
        time.sleep(POLL_S)
        if job.is_there():
            time.sleep(POLL_S)
            return True
    return False
