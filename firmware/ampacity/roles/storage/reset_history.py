"""Why and how often the controller started: a loop of restarts ends in the safe state (safety.md section 7).

A start by the watchdog, or after a life that ended without a request while the power stayed on, counts; a life of HEALTHY_MS
forgets what was before, and so do a power failure and a restart by a person. The last reasons are kept. REST_MS in the safe
state end it by a restart, for each start is safe by itself (quarantine): who can crash the controller a few times keeps no car from
charging for longer than that.
"""

if False:  # for the type checker
    from ampacity.roles.interfaces import RolePlatform
    from ampacity.roles.storage.persistence import Persistence

DOCUMENT = "lives"
RESTARTS_MAX = 5
HEALTHY_MS = 600000
REST_MS = 3600000
KEPT = 8


class ResetHistory:
    """persistence: puts and gets documents. `reason`: of this start. `count`: bad starts in a row, this one included."""

    def __init__(self, persistence: "Persistence", platform: "RolePlatform", now_ms: int) -> None:
        self.persistence = persistence
        self.started_ms = now_ms
        known = persistence.documents.get(DOCUMENT) or {}
        self.mark = platform.power_mark()
        self.reason: str = platform.reset_reason()
        if self.reason == "unknown" and self.mark:
            since_power_up = known.get("mark") == self.mark
            self.reason = "PowerUp" if not since_power_up else "Software" if known.get("ended", True) else "Crash"
        self.count: int = known.get("count", 0) + 1 if self.reason in ("Watchdog", "Crash") else 0
        self.reasons: "list[str]" = (known.get("reasons") or [])[-KEPT + 1 :] + [self.reason]
        self._put(False, now_ms)

    def boot_reason(self, platform: "RolePlatform") -> str:
        """The same in OCPP's words."""
        words = {"Watchdog": "Watchdog", "Crash": "Unknown", "Software": "ApplicationReset"}
        return words.get(self.reason) or platform.boot.get("reason", "PowerUp")

    def looping(self) -> "str | None":
        """Too many bad starts: the text for the safe state, else None."""
        if self.count < RESTARTS_MAX:
            return None
        return "restart loop: %d starts by %s, none lived %d minutes" % (self.count, self.reason, HEALTHY_MS // 60000)

    def is_safe_time_over(self, now_ms: int) -> bool:
        """Has the safe state of a loop of restarts lasted long enough?"""
        return self.count >= RESTARTS_MAX and now_ms - self.started_ms >= REST_MS

    def step(self, now_ms: int) -> None:
        """Called by the housekeeping: a life that is long enough is a healthy one."""
        if self.count and not self.looping() and now_ms - self.started_ms >= HEALTHY_MS:
            self.count = 0
            self._put(False, now_ms)

    def end(self, now_ms: int) -> None:
        """This life ends on request."""
        self.count = 0
        self._put(True, now_ms)

    def _put(self, ended: bool, now_ms: int) -> None:
        self.persistence.put(DOCUMENT, {"mark": self.mark, "ended": ended, "count": self.count, "reasons": self.reasons}, now_ms)
