"""What does it show while it is paused? Documents leave that open, and one that shows a limit then is not believed to be off.

Where all else says that it is off (its own answer, its state, no current) a person is asked, it is believed for the time of this
experiment, and a load has to show it: it draws, and stops at the next pause. Only then that counts for the unit, over restarts too.
"""

from ampacity.commission import verdicts
from ampacity.commission.experiments import DRAWS_DA, Experiment

ANSWER_MS = 20000  # one that is not there is for the next experiment
STEADY_MS = 10000
LOAD_MS = 120000
STOPS_MS = 15000


class Pausing(Experiment):
    """tells: what is to be believed of it for now, None: what the site file says. counts["off_shows"]: what a load has shown."""

    name = "pause"
    holds_others = False

    def __init__(self, claims):
        Experiment.__init__(self, claims)
        self.tells = None
        self._phase = "look"
        self._since_ms = 0
        self._off = None

    def begin(self, sight, now_ms):
        self.wish_da = 0
        self._since_ms = now_ms

    def go_on(self, sight, now_ms):
        return getattr(self, "_" + self._phase + "_phase")(sight, now_ms)

    def end(self, outcome, text):
        """What was believed for now is over, unless a load has shown it."""
        if "off_shows" not in self.counts:
            self.tells = None
        return Experiment.end(self, outcome, text)

    def _next(self, phase, now_ms):
        self._phase, self._since_ms = phase, now_ms
        return False

    def _look_phase(self, sight, now_ms):
        """Does it prove its pause by itself? Else: is everything else there that would prove it?"""
        name, off, waited_ms = self.claims["name"], sight.off, now_ms - self._since_ms
        if off is not None and off["proven"]:
            return self._known(off)
        if off is None or not off["able"]:
            if waited_ms < max(ANSWER_MS, self.claims["settle_ms"] + STEADY_MS):
                return False
            why = "its pause was not read" if off is None else "nothing else proves its pause, so its maximum counts"
            return self.end("not needed", "%s; %s" % (verdicts.shown_text(name, off), why) if off else "%s: %s" % (name, why))
        if waited_ms < STEADY_MS:
            return False
        self._off = off
        ask = "%s; its documents leave that open, it has acknowledged the pause and nothing flows. Is a car or a test load plugged in "
        ask += "that wants to charge, and does it stand still? Then it is let charge and stopped once, to see that it obeys"
        self.ask = ask % verdicts.shown_text(name, off)
        return self._next("ask", now_ms)

    def _known(self, off):
        self.figures["off"] = off
        return self.end(verdicts.PASSED, verdicts.shown_text(self.claims["name"], off))

    def _ask_phase(self, sight, now_ms):
        if self._word is None:
            return False
        word, self._word, self.ask = self._word, None, None
        if word == "no":
            return self.end(verdicts.NOT_DONE, "%s; it is not known to be off then" % verdicts.shown_text(self.claims["name"], self._off))
        self.tells, self.wish_da = "last", self.claims["min_da"]  # whatever it shows then
        return self._next("draw", now_ms)

    def _draw_phase(self, sight, now_ms):
        """A load draws at its least."""
        if sight.draws() and (sight.drawn_da() or 0) >= DRAWS_DA:
            self.wish_da = 0
            return self._next("stop", now_ms)
        text = "%s: no load draws, so nobody has seen that it stops; it is not believed to be off while it shows a limit"
        return now_ms - self._since_ms > LOAD_MS and self.end(verdicts.NOT_DONE, text % self.claims["name"])

    def _stop_phase(self, sight, now_ms):
        """And stops at a pause, and shows then what it showed before."""
        off = sight.off
        if off is not None and off["proven"] and (sight.drawn_da() or 0) < DRAWS_DA:
            if off["shows"] != "0":
                self.tells = off["shows"] if off["shows"] == self._off["shows"] else "last"
                self.counts["off_shows"] = self.tells
                self.findings.append(verdicts.off_shows(self.claims["name"], verdicts.shown_text(self.claims["name"], off), self.tells))
            return self._known(off)
        if now_ms - self._since_ms <= self.claims["settle_ms"] + STOPS_MS:
            return False
        return self.fail(verdicts.not_paused(self.claims["name"]))
