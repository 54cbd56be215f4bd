"""A primary brings a bundle to its secondaries, one after another on each line, and has them try it on an order.

The bundle is the one that was sent for them (staged_file.py), else the one that the primary runs itself.
"""

from ampacity.base.errors import NotNow, Rejected
from ampacity.bus.leases import update_window as window
from ampacity.bus.leases.staging_driver import Job, StagingDriver
from ampacity.bus.modbus.frames import char_us
from ampacity.console.error_texts import UnknownName, UsageError
from ampacity.roles.updates.slot_source import SlotSource
from ampacity.roles.updates.staged_file import StagedFile, open_staged
from ampacity.update.slot_state import GOOD, NONE

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.leases.staging_driver import Source
    from ampacity.roles.interfaces import View
    from ampacity.roles.primary_face import PrimaryFace
    from ampacity.roles.updates.places import Places
    from ampacity.roles.updates.staged_file import StagedSink

DOCUMENT = "staging"  # {"sequence": of the bundle, "names": of those that still lack it}
SILENT_MOST = 4  # exchanges without an answer, then another one of the line has its turn
SECONDARIES = "secondaries [stage [EVSE…] | activate EVSE… | stop | forget]"


class Staging:
    """primary: whose secondaries these are; places: the slots of the primary."""

    def __init__(self, primary: "PrimaryFace", places: "Places") -> None:
        self._primary = primary
        self._places = places
        self._drivers: "dict[str, StagingDriver]" = {}  # by the name of the wire
        self._waiting: "list[Job]" = []
        self._job_of: "dict[str, Job]" = {}  # by name, the newest one
        self._told: "dict[str, str]" = {}
        self._source: "SlotSource | None" = None
        self._resume()

    def command(self, words: "list[str]", now_ms: int) -> str:
        """`secondaries …` of the console. Raises Rejected, OSError."""
        if not words:
            return "\n".join(["%s: %s" % (name, self._text(name)) for name in self._names()]) or "this site has no secondaries"
        if words[0] == "stage":
            return self._stage([self._known(name) for name in words[1:]] or self._names(), now_ms)
        if words[0] == "activate" and len(words) > 1:
            return self._activate([self._known(name) for name in words[1:]], now_ms)
        if words in (["stop"], ["forget"]):
            self.stop(now_ms)
            if words == ["forget"]:
                StagedFile(self._places.root).forget()
            return "stopped; what came is kept there"
        raise UsageError(SECONDARIES, words)

    def step(self, now_ms: int) -> None:
        """Housekeeping: the next secondary of each line."""
        for name in sorted(self._drivers):
            driver = self._drivers[name]
            if driver.job is not None and self._is_done(driver.job):
                driver.job = None
                self._keep(now_ms)
            elif driver.job is not None and driver.job.silent >= SILENT_MOST and self._first(name) is not None:
                self._waiting.append(driver.job)  # behind those that may answer
                driver.job = None
            if driver.job is None:
                self._next(name, driver, now_ms)
        for name in self._job_of:
            text = self._text(name).split(":")[0]
            if text != self._told.get(name):
                self._told[name] = text
                self._primary.log.add("info", "update of %s: %s" % (name, self._text(name)), now_ms)

    def open(self, size: int, digest: bytes, now_ms: int) -> "StagedSink":
        """A bundle for secondaries comes over a console: what is under way ends. Raises Rejected, OSError."""
        self.stop(now_ms)
        return open_staged(self._places.root, size, digest)

    def view(self) -> "View":
        """For `show update`: by name."""
        return {name: self._text(name) for name in self._names()}

    # orders

    def _stage(self, names: "list[str]", now_ms: int) -> str:
        source, sequence = self._bundle()
        for name in names:
            self._add(name, Job(self._facts(name)["unit"], source, sequence))
        self._keep(now_ms)
        return "%d bytes to %s" % (source.size, ", ".join(names))

    def _activate(self, names: "list[str]", now_ms: int) -> str:
        for name in names:
            job = self._job_of.get(name)
            if job is None or job.state != window.READY:
                raise NotNow("secondaries", name, "no bundle of this primary is ready there: `secondaries stage %s`" % name)
        for name in names:
            job = Job(self._facts(name)["unit"], self._job_of[name].source, self._job_of[name].sequence)
            job.activate = True
            self._add(name, job)
        return "ordered: %s" % ", ".join(names)

    def _add(self, name: str, job: "Job") -> None:
        old = self._job_of.get(name)
        if old is not None and old in self._waiting:
            self._waiting.remove(old)
        wire = self._primary.buses.wire_of[self._primary.evses.index(name)]  # type: ignore[index]
        for driver in self._drivers.values():
            if old is not None and driver.job is old:
                driver.job = None
        if wire.name not in self._drivers:  # type: ignore[union-attr]
            baud = self._primary.site["buses"][self._facts(name)["bus"]].get("baud")
            self._drivers[wire.name] = StagingDriver(char_us(baud) if baud else 0)  # type: ignore[union-attr]
        self._job_of[name] = job
        self._waiting.append(job)

    def stop(self, now_ms: int) -> None:
        """Nothing is brought any more."""
        self._waiting = []
        for wire in self._primary.buses.wires:
            if wire.name in self._drivers:
                wire.engine.fill(None)
        self._drivers, self._job_of, self._told = {}, {}, {}
        self._keep(now_ms)

    def _next(self, name: str, driver: "StagingDriver", now_ms: int) -> None:
        job = self._first(name)
        if job is not None:
            self._waiting.remove(job)
            driver.start(job, now_ms)
        for wire in self._primary.buses.wires:
            if wire.name == name:
                wire.engine.fill(None if driver.job is None else driver)

    def _first(self, name: str) -> "Job | None":
        """The first that waits for this line."""
        for job in self._waiting:
            if self._primary.buses.wire_of[self._index(job)].name == name:  # type: ignore[union-attr]
                return job
        return None

    def _is_done(self, job: "Job") -> bool:
        return job.over or (job.state == window.READY and not job.activate and not job.activated)

    # what is known

    def _bundle(self) -> "tuple[Source, int]":
        staged = StagedFile(self._places.root)
        manifest = staged.manifest()
        if manifest is not None:
            return staged, manifest.sequence
        state, slot = self._places.slots.state, self._places.slot
        if slot == NONE or state.slots[slot].state != GOOD or state.trial != NONE:
            raise NotNow("secondaries", "", "this primary runs no confirmed bundle to pass on: `ampacity bundle push --for-secondaries`")
        if self._source is None:
            self._source = SlotSource(self._places.tree, slot)
        return self._source, state.slots[slot].sequence

    def _names(self) -> "list[str]":
        return [evse["name"] for evse in self._primary.site["evses"] if evse["kind"] == "ampacity" and not evse.get("primary")]

    def _known(self, name: str) -> str:
        if name not in self._names():
            raise UnknownName("secondary", name, self._names())
        return name

    def _facts(self, name: str) -> "dict[str, Any]":
        return self._primary.site["evses"][self._primary.evses.index(name)]  # type: ignore[index, no-any-return]

    def _index(self, job: "Job") -> int:
        for name in self._job_of:
            if self._job_of[name] is job:
                return self._primary.evses.index(name)  # type: ignore[return-value]
        raise KeyError(job.unit)

    def _text(self, name: str) -> str:
        job = self._job_of.get(name)
        if job is None:
            return "not looked at"
        if job.trouble:
            return job.trouble
        if job.over:
            return "runs sequence %d" % job.sequence
        if job in self._waiting:
            return "queued: it did not answer" if job.silent else "queued"
        if job.state == window.RECEIVING:
            return "receiving: %d of %d bytes" % (job.next, job.source.size)
        if not window.IDLE <= job.state <= window.ON_TRIAL:
            return "waiting for its answer"
        return window.STATES[job.state]

    # what outlives a restart

    def _keep(self, now_ms: int) -> None:
        names = sorted([name for name in self._job_of if not self._is_done(self._job_of[name]) and not self._job_of[name].activate])
        known = self._primary.documents.get(DOCUMENT) or {}
        if names != (known.get("names") or []):
            sequence = self._job_of[names[0]].sequence if names else 0
            self._primary.persistence.put(DOCUMENT, {"sequence": sequence, "names": names}, now_ms)

    def _resume(self) -> None:
        """What was under way before the restart, if the same bundle still runs here."""
        known = self._primary.documents.get(DOCUMENT) or {}
        names = [name for name in known.get("names") or [] if name in self._names()]
        if not names:
            return
        try:
            source, sequence = self._bundle()
        except (Rejected, OSError):
            return
        if sequence == known.get("sequence"):
            for name in names:
                self._add(name, Job(self._facts(name)["unit"], source, sequence))
