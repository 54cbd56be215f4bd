"""What a primary remembers over a restart: who it is, and the evidence about its devices. Never its orders.

Written by the housekeeping loop only: no safety decision waits for a disk.
"""


from ampacity.base.compat import const
from ampacity.bus.leases.grant_numbers import GrantNumbers
from ampacity.store.document_store import AGAIN_MS, KeptDocuments

if False:  # for the type checker
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.circuit.guard import Guard
    from ampacity.evse.local_driver import LocalDriver
    from ampacity.roles.interfaces import RolePlatform
    from ampacity.store.document_store import DocumentStore

IDENTITY = "identity"
EVIDENCE = "evidence"
LATCHED = "latched"  # faults of our own charging points that wait for a hand on the plug
OWN_ENERGY = "own_energy"  # what the own charging point has counted
_ENERGY_WH = const(100)  # a power cut may cost so much of it
UNREAD = "unread"  # the fault that replaces latched ones that cannot be read
# documents on which trust rests: one that is damaged, or was there and is gone, never counts as one that never was
TRUSTED = (
    "access", "access_viewer", "access_manufacturer", "interfaces", EVIDENCE, LATCHED, "limits", "contract", "upstream_own", "upstream_floor",
    "ocpp_network", "ocpp_secret", "ocpp_profiles", "off_shows",
)  # fmt: skip
DOCUMENT_BYTES_MAX = 262144  # the evidence of a site takes some 350 bytes for each EVSE
_SAVE_MS = const(60000)
_EPOCH_RETRY_MS = const(1000)
HOLDING = "no raise until the evidence is saved: free the storage medium or replace it"
LOST = (
    "storage: the saved evidence is damaged: lock-outs and distrusted devices are unknown, and every EVSE stays at its reserve"
    " until all EVSEs were inspected and `relearn` was entered at the console"
)
WITHOUT = "storage: started without saved state, the medium cannot be written: every EVSE stays at its reserve until it can"
_UNKEPT_MS = const(5000)


class Persistence(KeptDocuments):
    """What the primary keeps in addition to single documents: its identity, the evidence, latched faults."""

    def __init__(self, documents: "DocumentStore", log: "Log", platform: "RolePlatform") -> None:
        KeptDocuments.__init__(self, documents, log, "storage_errors")
        self.platform = platform
        self.holding = False  # raises wait for the medium
        self.lost = False  # the evidence was damaged: the site rests until a person looked
        self.restart = False  # the memory is back: the next life has one
        self._ever = self._without = False  # was the evidence kept in this life; does the site rest, for it never was
        self._started_ms = 0
        self._saved_ms = self._epoch_ms = self._energy_wh = 0
        self._latched: "dict[str, Any]" = {}

    def start(self, now_ms: int) -> "GrantNumbers":
        """The numbers of this life's grants: the identity is kept, the epoch grows (16 bits)."""
        known = self.documents.get(IDENTITY) or {}
        identity = known.get("identity") or self.platform.rng().next32()
        epoch = (known.get("epoch", 0) + 1) & 0xFFFF
        self.put(IDENTITY, {"identity": identity, "epoch": epoch}, now_ms)
        if self.failing:
            identity = self.platform.rng().next32()  # the epoch could not be kept: draw both again
        return GrantNumbers(identity, epoch)

    def keep_epoch(self, numbers: "GrantNumbers", now_ms: int) -> None:
        """The next epoch is kept before the first grant has it; while the medium refuses, the present one stays in use."""
        epoch = numbers.epoch_to_keep()
        if epoch is None or now_ms < self._epoch_ms:
            return
        self._epoch_ms = now_ms + _EPOCH_RETRY_MS
        if self.put(IDENTITY, {"identity": numbers.identity, "epoch": epoch}, now_ms):
            numbers.kept(epoch)

    def troubles(self) -> "list[str]":
        """What a person must know of the medium, a line each."""
        lines = [LOST] if self.lost else []
        if self.failing:
            lines.append("storage: not kept: " + ", ".join(sorted(self.failing)))
        if self._without:
            lines.append(WITHOUT)
        elif self.holding:
            lines.append(HOLDING)
        return lines

    def evidence(self) -> "dict[str, Any] | None":
        """The evidence of the last life, None when there is none. What is damaged stays as it is until `relearn`."""
        kept = self.documents.get(EVIDENCE)
        missing = lacking(kept)
        if missing:
            self.documents.distrust(EVIDENCE, "evses.%s is missing, although site.evses has it" % missing)
            kept = None
        self.lost = EVIDENCE in self.documents.damaged
        return kept

    def watch(self, guard: "Guard") -> None:
        """From now on nothing is raised before what lowered the guard's trust is kept, the shape of the site first of all."""
        guard.ledger.journal_barrier.mark_dirty()
        guard.ledger.journal_barrier.written = 0
        self._started_ms = guard.now_ms
        if self.lost:
            self.log.keep("error", LOST, guard.now_ms)
            guard.enter_safe_state(LOST, guard.now_ms)

    def relearn(self, guard: "Guard") -> None:
        """A person looked: who was locked out, which tests and meters counted is forgotten, and learnt again after a restart."""
        self.documents.give_up(EVIDENCE)
        self.documents.put(EVIDENCE, guard.evidence_dump())
        self.lost = False
        self.restart = True

    def save(self, guard: "Guard", now_ms: int, at_once: bool = False) -> None:
        """Keep the evidence: when the guard's trust fell, else once a minute; the store writes nothing when it is the same."""
        if self.lost:
            self._look_again(now_ms)
            return
        journal_barrier = guard.ledger.journal_barrier
        fell = not journal_barrier.is_written()
        due_ms = _SAVE_MS if not fell else AGAIN_MS if EVIDENCE in self.failing else 0
        if not at_once and now_ms - self._saved_ms < due_ms:
            return
        self._saved_ms = now_ms
        version = journal_barrier.version
        if self.put(EVIDENCE, guard.evidence_dump(), now_ms):
            journal_barrier.written = version
            self.restart, self._without = self.restart or self._without, False
            self._ever = True
        elif not self._ever and not self._without and now_ms - self._started_ms >= _UNKEPT_MS:
            self._without = True
            self.log.keep("error", WITHOUT, now_ms)
            guard.enter_safe_state(WITHOUT, now_ms)
        elif fell and not self.holding:
            self.log.add("error", HOLDING, now_ms)
        self.holding = fell and EVIDENCE in self.failing

    def _look_again(self, now_ms: int) -> None:
        """A medium that did not give the evidence gives it now."""
        if EVIDENCE in self.documents.unread and now_ms - self._saved_ms >= AGAIN_MS:
            self._saved_ms = now_ms
            self.restart = self.documents.readable(EVIDENCE)

    def restore_latches(self, locals_: "list[LocalDriver]") -> None:
        """What a residual current or a bad diode had stopped stays stopped: no reclosing by a power cut."""
        self._latched = dict(self.known(LATCHED, {}))
        names = [driver.name for driver in locals_]
        for name in sorted(self._latched):
            if names and name not in names:  # a controller has one charging point, whatever its name
                self._latched.setdefault(names[0], self._latched.pop(name))
        unread = LATCHED in self.documents.damaged
        if unread and locals_:
            self.log.add("error", "storage: latched faults cannot be read: a local EVSE resumes when unplugged", self.platform.clock.now_ms())
        for driver in locals_:
            faults = [UNREAD] if unread else self._latched.get(driver.name)
            if isinstance(faults, list):
                driver.restore(faults)

    def keep_latches(self, locals_: "list[LocalDriver]", now_ms: int) -> None:
        """At once when one is new, or gone; those of points that are no longer in the site stay."""
        latched = dict(self._latched)
        for driver in locals_:
            name, faults = driver.name, driver.latched
            if faults:
                latched[name] = faults
            elif name in latched:
                del latched[name]
        self.keep(LATCHED, latched, now_ms)

    def own_energy_wh(self) -> int:
        """What the own charging point had counted in earlier lives, in Wh."""
        self._energy_wh = self.known(OWN_ENERGY, {}).get("energy_wh", 0)
        return self._energy_wh

    def keep_energy(self, locals_: "list[LocalDriver]", now_ms: int) -> None:
        """The register of the own charging point, where its meter has none: a transaction continues to count after a restart."""
        for driver in locals_:
            energy_wh = driver.evse.energy.energy_wh
            if energy_wh - self._energy_wh >= _ENERGY_WH:
                self._energy_wh = energy_wh
                self.keep(OWN_ENERGY, {"energy_wh": energy_wh}, now_ms)


def lacking(kept: "dict[str, Any] | None") -> "str | None":
    """An EVSE of the site that was saved, about which the saved evidence has nothing; None: there is none, as in all that a guard saved."""
    shape = (kept or {}).get("site") or {"evses": {}}
    for name in sorted(shape["evses"]):
        if name not in kept["evses"]:  # type: ignore[index]  # without evidence there is no site
            return str(name)
    return None
