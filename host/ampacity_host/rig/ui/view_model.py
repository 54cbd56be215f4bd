"""A viewer's knowledge of a rig: its last answers, and a list of the events between them."""

from collections import deque

from ampacity_host.rig.ui.notices import notices
from ampacity_host.rig.ui.ocpp_text import FrameReader

EVENTS_MAX = 500


class ViewModel:
    """title: of the site; kinds: EVSE name → its kind; runtime: that of the primary; address: of the control channel.

    `take` receives whole answers. `events`: (t_ms, kind, text), oldest first, `kind` one of "story", "primary", "evse",
    "meter", "over"; `frames`: (t_ms, "in" or "out", text), in = from the station. `headline`: (title, text) of the
    demonstration, or None; `progress`: (passed_ms, length_ms) or None; `asked`: requested page of explanations, 0 none;
    `asks`: keys for these pages exist; `actions`: the effects of the keys on the site (rig/ui/key_actions.py), None without
    any. `seen` and `frames_seen` count all events and frames since the start.
    """

    def __init__(self, title="", kinds=None, runtime="", address=""):
        self.title, self.kinds, self.runtime, self.address = title, kinds or {}, runtime, address
        self.state = None
        self.worst = None
        self.events = deque(maxlen=EVENTS_MAX)
        self.frames = deque(maxlen=EVENTS_MAX)
        self.seen = self.frames_seen = 0
        self.headline = None
        self.progress = None
        self.asked, self.asks, self.actions = 0, False, None
        self.frames_since = 0
        self._frames_there = 0      # number of known frames of exactly that millisecond
        self._reader = FrameReader()
        self._last_primary = None

    @property
    def t_ms(self):
        return self.state["t_ms"] if self.state else 0

    def take(self, state=None, worst=None, frames=()):
        """Answers of the operations `state` and `worst`; `frames`: new ones of `csms_log` (see `unknown`)."""
        if state is not None:
            for kind, text in notices(self.state, state, self._last_primary):
                self.note(kind, text, state["t_ms"])
            self.state = state
            self._last_primary = state["primary"] or self._last_primary
        if worst is not None:
            self.worst = worst
        for frame in frames:
            self._take_frame(frame)

    def unknown(self, frames):
        """The frames of an answer to `csms_log` with `since` = `frames_since` that are new."""
        return frames[self._frames_there:]

    def _take_frame(self, frame):
        same = frame["t_ms"] == self.frames_since
        self._frames_there = self._frames_there + 1 if same else 1
        self.frames_since = frame["t_ms"]
        text = self._reader.text(frame["text"])
        if text is not None:
            self.frames.append((frame["t_ms"], frame["dir"], text))
            self.frames_seen += 1

    def note(self, kind, text, t_ms=None):
        """Records an event."""
        self.seen += 1
        self.events.append((self.t_ms if t_ms is None else t_ms, kind, text))

    def new_events(self, seen):
        """The events recorded after the first `seen`."""
        return newest(self.events, self.seen - seen)

    def new_frames(self, seen):
        """The frames read after the first `seen`."""
        return newest(self.frames, self.frames_seen - seen)


def newest(items, count):
    """The last `count` entries of a deque, or all if there are fewer."""
    return list(items)[max(0, len(items) - count):]
