"""Limits that a person puts at the console outlive a restart: they are in force again before anything is raised.

Kept is what is in force: the value, how long it is still valid (None: until replaced), and what applies after that. The
time for which the controller was off is unknown, so it does not count. While a limit has an end its time left is
written once a minute. What cannot be read means 0 A for the site, until a person sets at the console what applies.
Other sources keep their own: charging profiles lie in the station's store, the installer's wishes in the settings.

A limit whose circuit or EVSE is not in the site file waits for it: a configuration on trial that is undone brings the name back. Its time
left does not count meanwhile.
"""

from ampacity.base.errors import Rejected
from ampacity.roles.optional.part import OptionalPart

if False:  # for the type checker
    from typing import Any

    from ampacity.circuit.policy.constraints.external_limits import Limit
    from ampacity.roles.primary_face import PrimaryFace

DOCUMENT = "limits"
SOURCES = ("console",)
SITE = "site"
WAITING_MAX = 64  # entries; the oldest go first
LEFT_MS = 60000
RETRY_MS = 1000
WAITS = "limits: the limit by %s waits for %s %s, which is not in the site file; `limit %s off` withdraws it"
UNREADABLE = "limits: saved limits are unreadable (%s): 0 A for the site until `limit site off` or a new limit for the site"


class ManualLimits(OptionalPart):
    """primary: whose guard, settings and log. `put` as the guard's `limit`, and kept when it returns."""

    def __init__(self, primary: "PrimaryFace") -> None:
        self.guard = primary.guard
        self.documents = primary.documents
        self.log = primary.log
        self.site, self.root = primary.site, primary.root
        self._known: object = self.guard.limits.limits  # as they were kept last
        self._due_ms = primary.started_ms + LEFT_MS
        self._refused: "str | None" = None  # what the medium said last
        self._waiting: "list[dict[str, Any]]" = []  # entries of the document that have no target here
        self._restore(primary.started_ms)

    def put(
        self, source: str, target: "tuple[str, int]", value: "int | None", until_ms: "int | None", silent: str, now_ms: int, unit: str = "da",
    ) -> None:
        """Raises Rejected, or OSError: it is in force, but not kept yet."""
        self.guard.limit(source, target, value, until_ms, silent, unit=unit)
        self._keep(now_ms)

    def waiting(self) -> "list[str]":
        """The limits whose target is not in the site file, a line each."""
        return [WAITS % (entry["source"], entry["kind"], entry["name"], entry["name"]) for entry in self._waiting]

    def forget(self, name: str, now_ms: int) -> bool:
        """Those that wait for that name are withdrawn; False: there is none. Raises OSError: they may return with a start."""
        left = [entry for entry in self._waiting if entry["name"] != name]
        if left == self._waiting:
            return False
        self._waiting = left
        self._keep(now_ms)
        return True

    def step(self, now_ms: int) -> None:
        """Housekeeping: keep what changed, and once a minute the time left."""
        if self._known is self.guard.limits.limits and (now_ms < self._due_ms or not self._ending()):
            return
        if self._known is None and now_ms < self._due_ms:
            return
        try:
            self._keep(now_ms)
        except (OSError, MemoryError) as e:
            self.log.counter("storage_errors")
            if str(e) != self._refused:  # tried again each second, reported once
                self._refused = str(e)
                self.log.add("error", "limits: not kept: %s" % e, now_ms)

    def close(self, now_ms: int) -> None:
        """About to restart: keep all of it."""
        self._due_ms = now_ms
        self._known = None
        self.step(now_ms)

    def _own(self) -> "list[Limit]":
        return [limit for limit in self.guard.limits.limits if limit.source in SOURCES]

    def _ending(self) -> "list[Limit]":
        return [limit for limit in self._own() if limit.until_ms is not None]

    def _keep(self, now_ms: int) -> None:
        self._known, self._due_ms = None, now_ms + RETRY_MS
        self.documents.put(DOCUMENT, self._waiting + [self._entry(limit, now_ms) for limit in self._own()])
        self._known, self._due_ms, self._refused = self.guard.limits.limits, now_ms + LEFT_MS, None

    # the document

    def _entry(self, limit: "Limit", now_ms: int) -> "dict[str, Any]":
        return {
            "source": limit.source, "kind": limit.kind, "name": self._name(limit.kind, limit.index), "value": limit.value,
            "unit": limit.unit, "left_ms": None if limit.until_ms is None else max(0, limit.until_ms - now_ms),
            "silent": limit.silent, "release_ms": limit.release_ms, "sign": "export" if limit.export else "import",
            "phases": limit.phases,
        }  # fmt: skip

    def _name(self, kind: str, index: int) -> str:
        if kind == "chargers":
            return SITE
        return self.site["evses" if kind == "evse" else "circuits"][index]["name"]

    def _restore(self, now_ms: int) -> None:
        entries = self.documents.get(DOCUMENT, [])
        why = "damaged" if DOCUMENT in self.documents.damaged else "" if isinstance(entries, list) else "no list"
        for entry in entries if not why else ():
            try:
                self._put_back(entry, now_ms)
            except (Rejected, KeyError, TypeError, ValueError) as e:
                why = str(e)
        if why:
            self.guard.limit(SOURCES[0], ("chargers", self.root), 0, None, "hold")
            self.log.add("error", UNREADABLE % why, now_ms)

    def _put_back(self, entry: "dict[str, Any]", now_ms: int) -> None:
        kind, name, left_ms = entry["kind"], entry["name"], entry["left_ms"]
        index = self.root
        if kind != "chargers":
            rows = [i for i, row in enumerate(self.site["evses" if kind == "evse" else "circuits"]) if row["name"] == name]
            if not rows:
                self._waiting = self._waiting[1 - WAITING_MAX :] + [entry]
                self.log.add("error", self.waiting()[-1], now_ms)
                return
            index = rows[0]
        until_ms = None if left_ms is None else now_ms + left_ms
        value = entry["value"]
        if isinstance(value, list) and len(value) != self.site["phases"]:
            value = min(value)  # of a site with another number of lines
        self.guard.limit(entry["source"], (kind, index), value, until_ms, entry["silent"], unit=entry["unit"],
                         release_ms=entry["release_ms"], sign=entry["sign"], phases=entry["phases"])
        self.log.add("info", "limit by %s in force again: %s" % (entry["source"], name), now_ms)
