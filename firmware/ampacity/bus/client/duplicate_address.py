"""Two devices with one address: found by what one device cannot do.

They answer together. Mostly their characters mix, and no checksum fits, for this unit alone; sometimes one is later
and a second valid answer follows the first: another one, or the same again where no other unit's comes twice. Once a
unit is suspected its answers are held for a moment (rtu_client.py): what is followed by another one is never taken, and
once it is certain none is, until so many came alone that there is but one. Two that always answer the same at the
same instant cannot be distinguished from one.
"""

WINDOW = 16  # last exchanges of a unit that are remembered
GARBLED_MIN = 6  # of them with a wrong checksum
REPEATED_MIN = 6  # of them whose answer came twice
OTHERS_MAX = 1  # as many as a well one has at most
DOUBLES_MIN = 2  # second answers that differ from the first
CLEAN_MIN = 32  # held answers without a second one: it was something else, or the fault was corrected
FULL = (1 << WINDOW) - 1

DUPLICATE = "two devices answer"
GARBLED = "only its replies are garbled: duplicate address or bad wiring"


class UnitRecord:
    """One unit's last exchanges."""

    # these values apply to a unit that is alone at its address
    garbled = 0  # a bit for each of the last WINDOW exchanges
    repeated = 0
    doubles = 0
    clean = 0
    text = ""

    def __init__(self, asked: int = 0) -> None:
        self.asked = asked


WELL = UnitRecord(WINDOW)  # of every unit that was asked as often as is looked at, and has always answered alone


class DuplicateAddresses:
    """Fed by the engine with what came of each exchange. `text(unit)`: the report, "" when nothing."""

    def __init__(self) -> None:
        self._units: dict[int, UnitRecord] = {}
        self.suspects: set[int] = set()

    def outcome(self, unit: int, garbled: bool) -> bool:
        """An exchange is over: an answer came, whole or garbled. True: the report about the unit has changed."""
        if not garbled and self._units.get(unit) is WELL:
            return False
        record = self._record(unit)
        record.asked += 1
        if garbled or record.garbled:
            record.garbled = (record.garbled << 1 | garbled) & FULL
        if record.repeated:
            record.repeated = (record.repeated << 1) & FULL
        if record.doubles:
            record.clean = 0 if garbled else record.clean + 1
            if record.clean >= CLEAN_MIN:
                self.forget(unit)
                return True
        elif garbled or record.text:
            return self._rate_garbled(unit, record)
        elif record.asked >= WINDOW and not record.garbled and not record.repeated:
            self._units[unit] = WELL
        return False

    def second_differs(self, unit: int) -> bool:
        """A second answer followed that differs from the first. True: from now on it is certain."""
        record = self._record(unit)
        record.doubles += 1
        record.clean = 0
        self.suspects.add(unit)
        if record.doubles < DOUBLES_MIN or record.text == DUPLICATE:
            return False
        record.text = DUPLICATE
        return True

    def second_same(self, unit: int) -> bool:
        """The same answer came again. A line may repeat what it carries: only where it is this unit's alone it is two devices."""
        record = self._record(unit)
        record.repeated |= 1
        record.clean = 0
        if record.text == DUPLICATE or bits_set(record.repeated) < REPEATED_MIN or not self._others_answer_once(unit):
            return False
        record.doubles = DOUBLES_MIN
        record.text = DUPLICATE
        self.suspects.add(unit)
        return True

    def forget(self, unit: int) -> None:
        """It has become one device again, or another one was put there."""
        self._units.pop(unit, None)
        self.suspects.discard(unit)

    def certain(self, unit: int) -> bool:
        """Is it sure that two answer?"""
        return self.text(unit) == DUPLICATE

    def text(self, unit: int) -> str:
        """The report about a unit: DUPLICATE, GARBLED, or "" when nothing."""
        record = self._units.get(unit)
        return record.text if record is not None else ""

    def texts(self) -> "list[str]":
        """"unit 7: two devices answer", a line for each unit with a report."""
        return ["unit %d: %s" % (unit, self._units[unit].text) for unit in sorted(self._units) if self._units[unit].text]

    def _rate_garbled(self, unit: int, record: UnitRecord) -> bool:
        many = record.asked >= WINDOW and bits_set(record.garbled) >= GARBLED_MIN
        text = GARBLED if many and self._others_answer_clean(unit) else ""
        changed = text != record.text
        record.text = text
        return changed

    def _others_answer_clean(self, unit: int) -> bool:
        for other in sorted(self._units):
            if other != unit and bits_set(self._units[other].garbled) > OTHERS_MAX:
                return False
        return True

    def _others_answer_once(self, unit: int) -> bool:
        """Has some other unit been asked often enough to compare, and came no other's answer twice?"""
        asked_enough = False
        for other in sorted(self._units):
            if other != unit:
                asked_enough = asked_enough or self._units[other].asked >= WINDOW
                if bits_set(self._units[other].repeated) > OTHERS_MAX:
                    return False
        return asked_enough

    def _record(self, unit: int) -> UnitRecord:
        record = self._units.get(unit)
        if record is None or record is WELL:
            record = self._units[unit] = UnitRecord(record.asked if record is not None else 0)
        return record


def bits_set(bits: int) -> int:
    """How many bits are set."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count
