"""What a primary remembers over a restart: who it is, and the evidence about its devices. Never its orders.

Written by the housekeeping loop only: no safety decision waits for a disk.
"""

import os

from ampacity.bus.numbers import Numbers

IDENTITY = "identity"
EVIDENCE = "evidence"
SAVE_MS = 60000
EPOCH_RETRY_MS = 1000


def random_u32(doors):
    """32 bits that no other controller has: of the system's random source, on a bench of its seed."""
    if hasattr(doors, "rng"):
        return doors.rng().next32() or 1
    return int.from_bytes(os.urandom(4), "big") or 1


class Keeper:
    """settings: the documents of this data folder. A failing medium is counted and told, and stops nothing."""

    def __init__(self, settings, files, log, doors):
        self.settings = settings
        self.files = files
        self.doors = doors
        self.log = log
        self.failing = False
        self._saved_ms = 0
        self._epoch_ms = 0

    def start(self, now_ms):
        """The numbers of this life's grants: the identity is kept, the epoch grows (16 bits)."""
        known = self.settings.get(IDENTITY) or {}
        identity = known.get("identity") or random_u32(self.doors)
        epoch = (known.get("epoch", 0) + 1) & 0xFFFF
        self.put(IDENTITY, {"identity": identity, "epoch": epoch}, now_ms)
        if self.failing:
            identity = random_u32(self.doors)  # the epoch could not be kept: draw both anew
        return Numbers(identity, epoch)

    def keep_epoch(self, numbers, now_ms):
        """The next epoch is kept before the first grant has it; while the medium refuses, this one goes on."""
        epoch = numbers.epoch_to_keep()
        if epoch is None or now_ms < self._epoch_ms:
            return
        self._epoch_ms = now_ms + EPOCH_RETRY_MS
        if self.put(IDENTITY, {"identity": numbers.identity, "epoch": epoch}, now_ms):
            numbers.kept(epoch)

    def evidence(self):
        """The evidence of the last life, None when there is none."""
        return self.settings.get(EVIDENCE)

    def save(self, guard, now_ms, at_once=False):
        """Keep the evidence, at most once a minute; the store writes nothing when it is the same."""
        if not at_once and now_ms - self._saved_ms < SAVE_MS:
            return
        self._saved_ms = now_ms
        self.put(EVIDENCE, guard.evidence_dump(), now_ms)

    def put(self, name, value, now_ms):
        """Keep a document; False and a log line when the medium refuses."""
        try:
            self.settings.put(name, value)
        except OSError as e:
            self.log.counter("storage_errors")
            if not self.failing:
                self.log.add("error", "storage: %s not kept: %s" % (name, e), now_ms)
            self.failing = True
            return False
        self.failing = False
        return True
