"""Identification of one unit, only by reading, until it is known or no request is left.

First it may name itself: function 43/14, then the SunSpec common block (secondaries with this firmware have both) and the numbers
of the models that follow it. Then the
known devices are tried, each by what it must show where its profile says that it shows it. A device that a register
names is sure; one whose registers merely hold what they should fits, and several may fit. What was read once is not
read again. Nothing is written, and only what some profile calls readable is asked for.
"""

from ampacity.bus.modbus.frames import read_pdu
from ampacity.bus.profile.registers.codec import decode, text

IDENTIFY_PDU = b"\x2b\x0e\x01\x00"
OBJECTS = ("vendor", "product", "firmware")
COMMON = (3, 40000, 70)  # SunSpec: marker and common model
COMMON_TEXTS = (("vendor", 8, 40), ("product", 40, 72), ("firmware", 88, 104), ("serial", 104, 136))
OURS = "Ampacity"
FAILURES_MAX = 12  # unanswered questions of one unit until it is given up
FITS_MAX = 5
MODELS_MAX = 32
MOVING = ("voltage", "current", "state", "power", "models")  # values that do not identify a device


class RegisterCheck:
    """One register and what it must show. `field`: as profile/registers/codec.py decodes it."""

    def __init__(self, words: str) -> None:
        parts = words.split(",")
        code, at, count, mul, div = [int(parts[k]) for k in (1, 2, 3, 5, 6)]
        self.field = [parts[0], code, at, count, parts[4], mul, div, "n", (), int(parts[7]), int(parts[8]), -1]
        self.place = (code, at, count)
        self.wanted = parts[9]

    def value(self, data: bytes) -> "int | str | None":
        """What a reply's registers hold."""
        if self.place[0] <= 2:
            return data[0] & 1
        return decode(self.field, data)

    def holds(self, data: bytes) -> bool:
        """Is it what this device must show?"""
        if self.wanted == "*":
            return True
        if self.field[4] == "text":
            return self._text_holds(data)
        value = self.value(data)
        if not isinstance(value, int):
            return False
        for part in self.wanted.split("/"):
            low, _, high = part.partition("..")
            if int(low) <= value <= int(high or low):
                return True
        return False

    def _text_holds(self, data: bytes) -> bool:
        for byte in data:
            if byte and not 32 <= byte < 127:
                return False
        shown = text(data)
        if self.wanted[0] == "t":
            return len(shown) >= int(self.wanted[1:])
        for part in self.wanted[1:].split("/"):
            if shown.startswith(part) if self.wanted[0] == "^" else part in shown:
                return True
        return False


class KnownDevice:
    """One line of profiles/known.py: a device that can be recognised. Keeps the line and few other attributes, to save memory."""

    def __init__(self, line: str) -> None:
        words = line.split(" ", 7)
        self.name, self.kind, self.media, self.setting = words[:4]
        self.sure = words[5] == "sure"
        self.watchdog_ms = int(words[6])
        self._line = line

    def asks(self) -> "list[RegisterCheck]":
        """What it must show, in the order in which it is asked."""
        return [RegisterCheck(words) for words in self._line.split(" ")[7:]]


def known_for(lines: "tuple[str, ...]", medium: str, setting: str) -> "list[KnownDevice]":
    """Known devices of a medium ("r", "a" for ASCII, "t"), those first that leave the factory with this setting."""
    found = [known for known in [KnownDevice(line) for line in lines] if medium in known.media]
    order = sorted([(not known.sure, known.setting != setting, k) for k, known in enumerate(found)])
    return [found[rank[2]] for rank in order]


class Identifier:
    """One unit's examination. `ask()` gives the next PDU, `reply` and `failed` take what came of it.

    known: list of KnownDevice, in the order in which they are tried. `found()`: what is known when `ask` gives None.
    """

    def __init__(self, known: "list[KnownDevice]") -> None:
        self._known = known
        self._at = 0
        self._asks: list[RegisterCheck] = []
        self._held = 0
        self._next_check = 0
        self._failures = 0
        self._data: dict[tuple[int, int, int], bytes | None] = {}
        self._place: tuple[int, int, int] | None = None
        self._stage = 0  # 0: 43/14, 1: common block, 2: known devices, 3: over, 4: chain of models
        self._model_at = 0
        self.models: list[int] = []
        self._fits: list[tuple[int, int, str, list[RegisterCheck]]] = []
        self.names: dict[str, str] = {}
        self.answered = 0
        self.refused: list[tuple[int, int, int]] = []

    def ask(self) -> "bytes | None":
        """The next question, or None: nothing is left."""
        if self._failures >= FAILURES_MAX:
            self._stage = 3
        if self._stage == 0:
            return IDENTIFY_PDU
        if self._stage == 1:
            self._place = COMMON
            return read_pdu(COMMON[0], COMMON[1], COMMON[2])
        if self._stage == 4:
            return read_pdu(COMMON[0], self._model_at, 2)
        while self._stage == 2:
            place = self._next_place()
            if place is not None:
                self._place = place
                return read_pdu(place[0], place[1], place[2])
        return None

    def reply(self, pdu: bytes) -> None:
        """The unit's answer to the last question."""
        self._failures = 0
        self.answered += 1
        if self._stage == 0:
            self._objects(pdu)
            self._stage = 1
        elif self._stage == 1:
            self._common(pdu[2:])
        elif self._stage == 4:
            self._model(pdu[2:])
        elif self._place is not None:
            self._data[self._place] = pdu[2:]

    def failed(self, reason: str) -> None:
        """It refused, or did not answer."""
        if reason[:9] != "exception":
            self._failures += 1
        elif self._stage and self._place is not None:
            self.refused.append(self._place)
        if self._stage < 2:
            self._stage += 1
        elif self._stage == 4:
            self._stage = 2
        elif self._place is not None:
            self._data[self._place] = None

    # the self-description of the unit

    def _objects(self, pdu: bytes) -> None:
        """43/14: [43, 14, code, conformity, more, next, count, (id, length, text)…]."""
        at = 7
        while at + 2 <= len(pdu):
            kind, size = pdu[at], pdu[at + 1]
            if kind < len(OBJECTS):
                self.names[OBJECTS[kind]] = printable(pdu[at + 2 : at + 2 + size])
            at += 2 + size

    def _common(self, data: bytes) -> None:
        """The SunSpec common block; where it is, a chain of models follows."""
        self._stage = 2
        if data[0:4] != b"SunS" or data[4:6] != b"\x00\x01":
            return
        for name, start, end in COMMON_TEXTS:
            shown = printable(data[start:end])
            if shown:
                self.names[name] = shown
        self.models = [1]
        self._model_at = COMMON[1] + 4 + int.from_bytes(data[6:8], "big")
        self._stage = 3 if self.names.get("vendor") == OURS else 4

    def _model(self, data: bytes) -> None:
        """One link of the chain: its number and its length."""
        number, length = int.from_bytes(data[0:2], "big"), int.from_bytes(data[2:4], "big")
        if number == 0xFFFF or len(self.models) >= MODELS_MAX or self._model_at + length + 2 > 0xFFFF:
            self._stage = 2
            return
        self.models.append(number)
        self._model_at += length + 2

    # the known ones

    def _next_place(self) -> "tuple[int, int, int] | None":
        """The next read for the present candidate; None: call again, or the examination is over."""
        if not self._asks:
            if not self._begin():
                self._stage = 3
            return None
        ask = self._asks[self._next_check]
        if ask.field[4] == "chain":
            self._chain(ask)
            return None
        if ask.place not in self._data:
            return ask.place
        data = self._data[ask.place]
        if data is None or not ask.holds(data):
            if ask.wanted == "*":
                self._step()
            else:
                self._asks = []
            return None
        if ask.wanted != "*":
            self._held += 1 if ask.value(data) == 0 else 2  # a zero may mean anything
        self._step()
        return None

    def _chain(self, ask: RegisterCheck) -> None:
        """Is one of its models in the unit's chain?"""
        for part in ask.wanted.split("/"):
            if int(part) in self.models:
                self._held += 2
                self._step()
                return
        self._asks = []

    def _begin(self) -> bool:
        if self._at >= len(self._known):
            return False
        self._asks = self._known[self._at].asks()
        self._at += 1
        self._held = self._next_check = 0
        return True

    def _step(self) -> None:
        self._next_check += 1
        if self._next_check < len(self._asks):
            return
        known = self._known[self._at - 1]
        if self._held:
            self._fits.append((2 if known.sure else 1, self._held, known.name, self._asks))
            if known.sure:
                self._stage = 3
        self._asks = []

    # the result

    def found(self) -> "dict[str, object]":
        """{"device": best name or None, "sure": bool, "fits": [names], "names": {…}, "values": {name: value}, and registers as (function,
        address, count): "places", what the device was recognised by, "refused", what it does not have}.
        """
        ranked = [self._fits[k] for k in [row[2] for row in sorted([(-f[0], -f[1], k) for k, f in enumerate(self._fits)])]]
        best = ranked[0] if ranked else None
        ours = self.names.get("vendor") == OURS
        return {
            "device": "ampacity" if ours else best[2] if best else None,
            "sure": ours or bool(best and best[0] == 2),
            "fits": [row[2] for row in ranked if best and row[0] == best[0] and 2 * row[1] > best[1]][:FITS_MAX],
            "names": self.names,
            "values": self._values(best[3]) if best else {},
            "places": [COMMON] if ours else [ask.place for ask in best[3]] if best else [],
            "refused": self.refused,
        }

    def _values(self, asks: "list[RegisterCheck]") -> "dict[str, int | str]":
        shown: "dict[str, int | str]" = {}
        if self.models:
            shown["models"] = " ".join([str(number) for number in self.models])
        for ask in asks:
            data = self._data.get(ask.place)
            value = ask.value(data) if data is not None else None
            name = str(ask.field[0])
            if value is not None and not name.startswith(MOVING):
                shown[name] = value
        return shown


def printable(data: bytes) -> str:
    """Text of a register block, blanks inside kept."""
    return "".join([chr(byte) for byte in data if 32 <= byte < 127]).strip()
