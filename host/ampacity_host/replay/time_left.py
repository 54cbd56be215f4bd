"""How far a replay is, by simulated time: told within two seconds, with the time that is left, whatever a second of it costs."""

import time

HOUR_MS = 3_600_000
SLICE_MS = 5_000
SHORT_S, LONG_S = 0.2, 0.6  # a slice of the run takes about so long
FIRST_S = 1.0  # a speed that was measured for less says nothing
PATIENCE_S = 60  # a longer wait prints a hint on a faster run


class TimeLeft:
    """total_ms: how long the run is; print_line: takes a line for people; progress: a ProgressLine."""

    def __init__(self, total_ms, progress, print_line, hint="", clock=time.monotonic):
        self._total_ms, self._progress, self._print_line, self._hint, self._clock = total_ms, progress, print_line, hint, clock
        self._began_s = self._slice_s = clock()
        self.slice_ms = SLICE_MS

    def passed(self, done_ms, moment):
        """A slice is over. moment: the site's local time there."""
        now_s = self._clock()
        took_s, self._slice_s = now_s - self._slice_s, now_s
        if took_s < SHORT_S:
            self.slice_ms = min(HOUR_MS, 2 * self.slice_ms)
        elif took_s > LONG_S:
            self.slice_ms = max(1000, self.slice_ms // 2)
        spent_s = now_s - self._began_s
        if spent_s < FIRST_S or done_ms >= self._total_ms:
            return
        left_s = spent_s * (self._total_ms - done_ms) / max(1, done_ms)
        if self._hint and left_s > PATIENCE_S:
            self._progress.end()
            self._print_line("%s left; %s" % (duration(left_s), self._hint))
        self._hint = ""
        self._progress.show("%s, %.1f %% of %s, %.0f times real time, %s left" % (
            moment, 100 * done_ms / self._total_ms, duration(self._total_ms / 1000), done_ms / 1000 / spent_s, duration(left_s)))


def duration(seconds):
    """In words: "40 s", "7 min", "3.5 h", "2.0 days"."""
    if seconds < 90:
        return "%d s" % max(1, round(seconds))
    if seconds < 5400:
        return "%d min" % round(seconds / 60)
    return "%.1f h" % (seconds / 3600) if seconds < 172_800 else "%.1f days" % (seconds / 86_400)
