"""Inputs of the sharing from outside the core: the beginnings of quarters of an hour, and random start delays."""


from ampacity.roles.optional.part import OptionalPart

if False:  # for the type checker
    from ampacity.base.log import Log
    from ampacity.circuit.optional_functions import OptionalFunctions
    from ampacity.roles.interfaces import RolePlatform
    from ampacity.roles.primary_face import PrimaryFace
    from ampacity.store.document_store import DocumentStore

QUARTER_MS = 900000
LOOK_MS = 60000
RETRY_MS = 1000
CONTRACT_DOC = "contract"
COLD_REASONS = ("PowerUp", "Watchdog", "unknown")


class DemandIntervals(OptionalPart):
    """Contracted power is a mean of the clock's quarters: the guard gets their beginnings, and what was used is stored.

    Kept is only what flowed above the contract, once a minute while it does: the rest counts as used after a restart.
    """

    def __init__(self, primary: "PrimaryFace") -> None:
        self.rows = primary.guard.optional.contracts
        self.guard = primary.guard
        self.site = primary.site
        self.wallclock = primary.wallclock
        self.persistence = primary.persistence
        self._due_ms = self._keep_ms = 0
        self._offset_ms: "int | None" = None
        self._restore(primary.documents, primary.log, primary.started_ms)

    def _restore(self, documents: "DocumentStore", log: "Log", now_ms: int) -> None:
        known = documents.get(CONTRACT_DOC, {})
        whole = isinstance(known, dict) and CONTRACT_DOC not in documents.damaged
        for row in self.rows:
            name = self.site["circuits"][row.circuit]["name"]
            entry = known.get(name, [row.watts, [0]]) if whole else None
            if entry is not None and _fits(entry, len(row.classes)):
                row.restore(entry[1], entry[0])
                continue
            row.restore(None, 0)
            text = "contract: saved use of circuit %s is unreadable; the last 15 min count as fully used"
            log.add("error", text % name, now_ms)

    def step(self, now_ms: int) -> None:
        """Housekeeping: where the quarter of the clock began, and once a minute what flowed above the contract."""
        unix_ms = self.wallclock.unix_ms(now_ms)
        if unix_ms is not None and (now_ms >= self._due_ms or unix_ms - now_ms != self._offset_ms):
            self._due_ms = now_ms + LOOK_MS
            self._offset_ms = unix_ms - now_ms
            self.guard.optional.quarter(now_ms - unix_ms % QUARTER_MS)
        if now_ms >= self._keep_ms:
            self._keep(now_ms)

    def close(self, now_ms: int) -> None:
        """About to restart: keep what was used."""
        self._keep(now_ms)

    def _keep(self, now_ms: int) -> None:
        """A row whose record was refused keeps to the contract until one is taken."""
        if not [row for row in self.rows if row.news]:
            return
        record = {self.site["circuits"][row.circuit]["name"]: [row.watts, row.classes] for row in self.rows}
        kept = self.persistence.put(CONTRACT_DOC, record, now_ms)
        if not kept:
            self._keep_ms = now_ms + RETRY_MS
        for row in self.rows:
            row.kept, row.news = kept, not kept


def _fits(entry: object, most: int) -> bool:
    """Is this the record of a row: its watts, and up to `most` classes?"""
    if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[1], list) or not 1 <= len(entry[1]) <= most:
        return False
    for number in [entry[0]] + entry[1]:
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            return False
    return True


class StartDelays(OptionalPart):
    """A random start delay of each EVSE after a power failure, and of each that does not charge when a tariff or a schedule begins."""

    def __init__(self, optional_functions: "OptionalFunctions", platform: "RolePlatform", most_ms: int, now_ms: int) -> None:
        self.optional_functions = optional_functions
        self.most_ms = most_ms
        self.below = platform.rng().below
        if platform.boot.get("reason", "PowerUp") in COLD_REASONS:
            self.limits_raised(now_ms)

    def limits_raised(self, now_ms: int) -> None:
        """A tariff or schedule lets many EVSEs begin in the same second: each that does not charge gets a delay."""
        self.optional_functions.delay_starts(self.most_ms, self.below, now_ms)
