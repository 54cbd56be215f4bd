"""Plays a story on a rig that is up: does each step when it is due, looks four times a second, shows what it sees."""

import time

from ampacity_host.demo.session_counter import SessionCounter
from ampacity_host.demo.story import WAIT_S, waited
from ampacity_host.demo.verdict import Verdict
from ampacity_host.report.recording import Recording

PERIOD_S = 0.25
WORST_EACH = 4


class StoryClock:
    """Time of the sequence: that of the rig without the waiting times of steps."""

    def __init__(self, t_ms):
        self._t_ms = t_ms
        self._held_ms = 0
        self._held_by = None
        self.now_ms = 0

    def holds(self, step, primary):
        """Must this step, which is due, still wait?"""
        if not step.wait or waited(step.wait, primary) or self._held_ms >= WAIT_S * 1000:
            self._held_by, self._held_ms = None, 0
            return False
        self._held_by = step
        return True

    def move(self, t_ms, waiting):
        """The rig's time is t_ms now."""
        passed_ms, self._t_ms = t_ms - self._t_ms, t_ms
        if self._held_by is not None and waiting and waiting[0] is self._held_by:
            self._held_ms += passed_ms
        else:
            self.now_ms += passed_ms


class StoryPlayer:
    """client: a RigClient; model: a ViewModel (rig/ui); painter: with `paint()`; budgets_ms: see Verdict. `play(story)`.

    Afterwards: recording, sessions, verdict, look.worst.
    """

    def __init__(self, client, model, painter, budgets_ms):
        self._client, self.model, self._painter = client, model, painter
        self.recording, self.sessions, self.verdict = Recording(), SessionCounter(), Verdict(budgets_ms)
        self._rounds = 0

    def play(self, story):
        """Until story.length_s. OSError when the rig goes away, RigError when it refuses a step."""
        self._observe()
        waiting = sorted(story.steps, key=lambda step: step.at_s)
        clock = StoryClock(self.model.t_ms)
        due = time.monotonic()
        while clock.now_ms < story.length_s * 1000:
            while waiting and clock.now_ms >= waiting[0].at_s * 1000 and not clock.holds(waiting[0], self.model.state["primary"]):
                self._do(waiting.pop(0))
            self.model.progress = (clock.now_ms, int(story.length_s * 1000))
            self._painter.paint()
            due = max(due + PERIOD_S, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
            self._observe()
            clock.move(self.model.t_ms, waiting)
        self.model.take(worst=self._client.worst())
        self._painter.paint()

    def _do(self, step):
        if step.op is not None:
            self._client.ask(step.op, **step.fields)
        if step.title:
            self.model.headline = (step.title, step.words)
            self.model.note("story", step.title)
        elif step.op == "plug":
            self.model.note("story", "a car is plugged in at %s" % step.fields["evse"])
        if step.mark:
            self.recording.mark(self.model.t_ms, step.mark)

    def _observe(self):
        state = self._client.state()
        worst = self._client.worst() if self._rounds % WORST_EACH == 0 else None
        self._rounds += 1
        frames = self.model.unknown(self._client.csms_log(since=self.model.frames_since)["frames"])
        self.sessions.take(frames)
        self.model.take(state, worst, frames)
        self.verdict.take(self.recording.take(state))
