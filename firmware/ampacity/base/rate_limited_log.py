"""Log lines that a stranger could cause as often as it likes: one each ten seconds, and how many were left out."""

if False:  # for the type checker
    from ampacity.base.log import Log

EACH_MS = 10000


class RateLimitedLog:
    """log: of base/log. name: what each line begins with, "console"."""

    def __init__(self, log: "Log", name: str) -> None:
        self._log = log
        self._name = name
        self._logged_ms: "int | None" = None
        self._left_out = 0

    def add(self, text: str, now_ms: int) -> None:
        """A warning, unless another one was logged within the interval."""
        if self._logged_ms is not None and now_ms - self._logged_ms < EACH_MS:
            self._left_out += 1
            return
        more = " (%d similar lines suppressed)" % self._left_out if self._left_out else ""
        self._logged_ms, self._left_out = now_ms, 0
        self._log.add("warning", "%s: %s%s" % (self._name, text, more), now_ms)
