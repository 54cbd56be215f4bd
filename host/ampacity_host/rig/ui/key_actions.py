"""The keys of the live view. Each builds words of `ampacity rig do`, and the view shows their result.

`HelpKeys` handles only `?`; `Actions` applies operations to a chosen EVSE: a car, a card, a fault.
"""

import asyncio
import json

from ampacity_host.rig.control_channel.do_command import WrongWords, in_words, request_of
from ampacity_host.rig.ui.keyboard import HELD_MAX, KeyDecoder
from ampacity_host.rig.ui.labels import leader

PATIENCE_S = 15         # of one operation; the rig answers within two seconds
LINE_MAX = 400
SHORT = 60              # characters of an answer that fits without a page
FAULT_ROWS = 11         # of a column of kinds
STEP_A = 5              # of other load, for each key
NEEDS = {"miswired": "phases=", "same_unit": "unit=", "clock_jump": "s="}    # options required with a fault


class HelpKeys:
    """`press(text)` receives typed characters; True if there is something new to draw."""

    def __init__(self, model, pages=1):
        self._look, self._pages = model, pages
        self._reader = KeyDecoder()

    def press(self, text):
        keys = self._reader.keys(text)
        for key in keys:
            self.explain(key)
        return bool(keys)

    def explain(self, key):
        """Turns the pages of `?`; False if the key has another meaning."""
        if key == "?":
            self._look.asked = (self._look.asked + 1) % (self._pages + 1)
            return True
        if key == "escape" and self._look.asked:
            self._look.asked = 0
            return True
        return False


class Actions(HelpKeys):
    """model: a ViewModel; ask: `await ask({"op": …})` returns the answer and never raises; fault_injector: of the rig; root:
    its first circuit.

    chosen: index of an EVSE; line: the typed line, or None; result: (success, text) of the last operation, or None; doing: the
    words of a running operation, or ""; page: (title, lines, first line shown) of an answer that is a page, or None; target,
    kind: the selection on the page of faults, or None.
    """

    def __init__(self, model, ask, fault_injector, root, virtual=False):
        super().__init__(model, 2)
        self._ask, self._fault_injector, self.root, self.virtual = ask, fault_injector, root, virtual
        self.chosen, self.line, self.result, self.doing, self.page, self.target, self.kind = 0, None, None, "", None, None, 0
        self._held, self._digits, self._work = [], "", None
        model.actions = self

    # ---- keys in, one operation after another out

    def press(self, text):
        """Reads keys until one of them begins an operation; the others wait for its end."""
        keys = self._reader.keys(text)
        if len(self._held) + len(keys) > HELD_MAX and self.line is None:
            self._held, keys = [], []
            self.result = (False, "more than %d keys at once: none of them was taken" % HELD_MAX)
            return True
        self._held += keys
        taken = False
        while self._held and self._work is None:
            words = self.take(self._held.pop(0))
            taken = True
            if words:
                self._begin(words)
        return taken

    def _begin(self, words):
        self.result, self.doing = None, " ".join(words)
        self._work = asyncio.ensure_future(self._do(words))

    @property
    def over(self):
        """True if an operation has ended and its result has not been shown yet."""
        return self._work is not None and self._work.done()

    def release(self):
        """The result was shown: the next key may refer to it."""
        self._work, self.doing = None, ""

    async def close(self):
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def _do(self, words):
        try:
            op, fields = request_of(words)
            work = asyncio.ensure_future(self._ask({"op": op, **fields}))
            done, _ = await asyncio.wait([work], timeout=PATIENCE_S)
            if not done:
                work.cancel()
            answer = work.result() if done else {"ok": False, "error": "no answer within %d s" % PATIENCE_S}
        except WrongWords as problem:
            answer = {"ok": False, "error": str(problem)}
        self._show_answer(" ".join(words), answer)

    def _show_answer(self, words, answer):
        well = bool(answer.get("ok"))
        text = in_words(answer) if well else str(answer.get("error"))
        well = well and not text.startswith("error: ")  # the console's answers to a line that it refuses
        lines = [printable(line) for line in text.splitlines()] or [""]
        short = " ".join(" ".join(lines).split())
        if well and (len(short) > SHORT or words.startswith("console ")):
            self.page = (printable(words), lines, 0)
        else:
            self.result = (well, "%s: %s" % (printable(words), short))
            if not words.startswith("advance "):  # which shows nothing that the clock does not
                self._look.note("hand" if well else "over", self.result[1])

    # ---- the meaning of a key

    def take(self, key):
        """Words of an operation, or None."""
        self.result = None
        if self.line is not None:
            return self._type(key)
        if self.page is not None and self._read(key):
            return None
        if self.explain(key):
            return None
        if self._look.asked:
            self._look.asked = 0
            return None
        if self.target is not None:
            return self._fault(key)
        digits, self._digits = self._digits, ""
        if key.isdigit() and key.isascii():
            return self._number(digits + key)
        if key in KEYS:
            return KEYS[key](self)
        if len(key) == 1:
            self.result = (False, "no key %s here; ? shows those that there are" % key)
        return None

    @property
    def names(self):
        return list(self._look.state["truth"]["evses"])

    @property
    def evse(self):
        names = self.names
        self.chosen = min(self.chosen, len(names) - 1)
        return names[self.chosen]

    @property
    def truth(self):
        return self._look.state["truth"]["evses"][self.evse]

    def _number(self, digits):
        count = len(self.names)
        if int(digits) not in range(1, count + 1):
            digits = digits[-1]
        if int(digits) in range(1, count + 1):
            self.chosen, self._digits = int(digits) - 1, digits
        else:
            self.result = (False, "there is no EVSE %s; they are 1 to %d" % (digits, count))

    def move(self, by):
        self.chosen = (self.chosen + by) % len(self.names)

    def _plug(self):
        return ["unplug" if self.truth["plugged"] else "plug", self.evse]

    def _car(self):
        return ["ev", self.evse, "pause" if self.truth["hungry"] else "charge"]

    def _card(self):
        return ["present_token", "CARD-%d" % (self.chosen + 1), self.evse]

    def load(self, by_a):
        """Other load, from its value after the last such operation; it stops at 0 A, and feed-in continues from there."""
        now_a = self._look.state["truth"]["circuits"][self.root]["background"]
        return ["background", self.root, *("%g" % max(min(amps, 0), amps + by_a) for amps in now_a)]

    def _primary(self):
        return ["primary", "kill" if self._look.state["primary"] else "start"]

    def _why(self):
        below = leader(self._look, self.evse)[1]
        return ["console", *(["of=" + below] if below else []), "why", self.evse]

    def prompt(self, text):
        self.line = text

    def _open_faults(self):
        self.target, self.kind = self.evse, 0

    def _time(self):
        if self.virtual:
            return ["advance", "1000"]
        self.result = (False, "time moves by itself here; with --clock virtual this key moves it by a second")
        return None

    # ---- a line

    def _type(self, key):
        if key == "enter":
            words, self.line = self.line.split(), None
            return words
        if key == "escape":
            self.line = None
        elif key == "back":
            self.line = self.line[:-1]
        elif key == "clear":
            self.line = ""
        elif len(key) == 1:
            self.line = (self.line + key)[:LINE_MAX]
        return None

    # ---- an answer that is a page

    def _read(self, key):
        """Scrolls or closes the page; False if the key also has another meaning, so that it is not lost."""
        title, lines, first = self.page
        by = {"up": -1, "down": 1}.get(key)
        self.page = None if by is None else (title, lines, max(0, min(first + by, len(lines) - 1)))
        return by is not None or key in ("escape", "enter", " ", "w")

    # ---- the page of faults

    @property
    def kinds(self):
        return self._fault_injector.kinds_at(self.target)

    def is_on(self, kind):
        return {"kind": kind, "target": self.target} in self._look.state.get("faults", ())

    def _fault(self, key):
        if key in ("escape", "f"):
            self.target = None
        elif key == "tab":
            targets = [self.evse] + [one for one in self._fault_injector.targets() if one not in self.names]
            self.target, self.kind = targets[(targets.index(self.target) + 1) % len(targets)], 0
        elif key in ("up", "down", "left", "right"):
            at = self.kind + {"up": -1, "down": 1, "left": -FAULT_ROWS, "right": FAULT_ROWS}[key]
            self.kind = at if 0 <= at < len(self.kinds) else self.kind
        elif key == "enter":
            kind, target, self.target = self.kinds[self.kind], self.target, None
            on = {"kind": kind, "target": target} in self._look.state.get("faults", ())
            if kind in NEEDS and not on:
                self.line = "fault %s %s %s" % (kind, target, NEEDS[kind])
                return None
            return ["fault", kind, target] + ["off"] * on
        return None


def printable(text):
    return "".join(one if one.isprintable() else " " for one in text)


KEYS = {
    "up": lambda actions: actions.move(-1), "down": lambda actions: actions.move(1), "p": Actions._plug, "c": Actions._card, "e": Actions._car,
    "f": Actions._open_faults, "+": lambda actions: actions.load(STEP_A), "-": lambda actions: actions.load(-STEP_A),
    "o": lambda actions: actions.prompt("background %s " % actions.root), "l": lambda actions: actions.prompt("limit %s " % actions.root),
    "w": Actions._why, "k": Actions._primary, "t": Actions._time, ":": lambda actions: actions.prompt(""),
}


def requests(control):
    """`ask` of Actions from the server of the control channel: the path of a client, without the socket."""

    async def ask(request):
        answer = await control.answer(json.dumps(request).encode())
        control.after_answer(answer)
        return answer

    return ask
