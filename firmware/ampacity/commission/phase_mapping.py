"""Which lines of a meter one EVSE loads, from steps of its current and what the meter showed before and after.

Other load also steps, at unknown times. Each step therefore counts once, as a share in per mille of what the EVSE itself
stepped, up and down in turn so that drifts cancel; the median decides and the agreement of the single steps is the
confidence. What does not agree is repeated, not guessed. Integers only.
"""

from ampacity.commission import findings

if False:  # for the type checker
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ampacity.commission.interfaces import Finding, Lines, Terminals

FOLLOWS, REVERSED, STILL, UNCLEAR = "follows", "reversed", "still", "unclear"
HALF_PERMILLE = 500
DOUBT_PERMILLE = 100  # a median so near to the half decides nothing
STEPS_MIN = 6
AGREE_PERCENT = 70
MANY = 12  # from so many steps on, steps that scatter may agree in their mean
ERROR_PERMILLE = 150  # the standard error of that mean, at most
STEP_DA_MIN = 25  # a smaller step is hidden by other load
RATIO_LEAST, RATIO_MOST = 750, 1330
RATIO_SPREAD = 150


def median(values: "Sequence[int]") -> int:
    """The middle one (the upper of two) of a list of integers."""
    return sorted(values)[len(values) // 2]


def class_of(permille: int) -> str:
    """The nearest of -1, 0 and 1."""
    if permille >= HALF_PERMILLE:
        return FOLLOWS
    return REVERSED if permille <= -HALF_PERMILLE else STILL


def steady(shares: "list[int]", kind: str) -> bool:
    """Do many steps that scatter have a mean of that kind, and a small error of it?"""
    n = len(shares)
    middle = sum(shares) // n
    squares = sum([(share - middle) * (share - middle) for share in shares])
    return n >= MANY and class_of(middle) == kind and squares <= ERROR_PERMILLE * ERROR_PERMILLE * n * (n - 1)


class LineShares:
    """The steps of one EVSE at one meter. count: lines of the supply."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._steps: "list[tuple[int, int | None, list[int]]]" = []

    def add(self, direction: int, step_da: "int | None", moved_da: "Lines") -> None:
        """direction: 1 up, -1 down. step_da: what the EVSE itself measured, positive, or None. moved_da: per line, signed."""
        self._steps.append((direction, step_da, list(moved_da)))

    def shares(self, line: int) -> "list[int]":
        """One share for each step that was large enough, per mille."""
        strongest = self._strongest()
        found = []
        for direction, step_da, moved_da in self._steps:
            whole_da = strongest if step_da is None else step_da
            if whole_da >= STEP_DA_MIN:
                found.append(direction * moved_da[line] * 1000 // whole_da)
        return found

    def _strongest(self) -> int:
        """Change of the line with the largest change: the measure for an EVSE without a current measurement."""
        moves = [median([abs(row[2][line]) for row in self._steps]) for line in range(self.count)] if self._steps else []
        return max(moves) if moves else 0

    def line(self, line: int) -> "tuple[str, int, int]":
        """(class, median share in per mille, agreement in per cent)."""
        shares = self.shares(line)
        if not shares:
            return UNCLEAR, 0, 0
        middle = median(shares)
        if abs(abs(middle) - HALF_PERMILLE) < DOUBT_PERMILLE:
            return UNCLEAR, middle, 0
        kind = class_of(middle)
        alike = len([share for share in shares if class_of(share) == kind])
        return kind, middle, alike * 100 // len(shares)

    def narrow(self, line: int) -> bool:
        """Do the single steps agree on the share itself, so that it says something about a ratio?"""
        shares = self.shares(line)
        middle = median(shares)
        near = [share for share in shares if abs(share - middle) <= RATIO_SPREAD]
        return len(near) * 100 >= AGREE_PERCENT * len(shares)

    def clear(self) -> bool:
        """Are there enough steps, and do they agree on every line?"""
        for line in range(self.count):
            kind, _, agree = self.line(line)
            shares = self.shares(line)
            if kind == UNCLEAR or len(shares) < STEPS_MIN or not (agree >= AGREE_PERCENT or steady(shares, kind)):
                return False
        return True

    def loaded(self) -> "list[tuple[int, int]]":
        """[(line, 1 or -1)] of those that follow, and of those that follow backwards."""
        kinds = [self.line(line)[0] for line in range(self.count)]
        return [(line, 1 if kind == FOLLOWS else -1) for line, kind in enumerate(kinds) if kind in (FOLLOWS, REVERSED)]

    def confidence(self) -> int:
        """The agreement of the line that agrees least, in per cent."""
        return min([self.line(line)[2] for line in range(self.count)])

    def table(self) -> "list[list[Any]]":
        """[[class, per mille, per cent], …] per line, for the report."""
        return [list(self.line(line)) for line in range(self.count)]


def lines_of_terminals(terminals: "Terminals", indexes: "Iterable[int]") -> "list[int]":
    """The lines that these terminals load, each once, in order."""
    found = []
    for index in indexes:
        for line in terminals[index]:
            if line not in found:
                found.append(line)
    return sorted(found)


def first_terminals(terminals: "Terminals", count: int) -> "list[int]":
    """The terminals, from the first on, that load so many lines: a car uses them in that order."""
    for n in range(1, len(terminals) + 1):
        if len(lines_of_terminals(terminals, range(n))) >= count:
            return list(range(n))
    return list(range(len(terminals)))


def rotated_terminals(terminals: "Terminals", seen: "list[int]", indexes: "Sequence[int]", count: int) -> "list[list[int]] | None":
    """The terminals with their rotation kept, so that those named load what was seen; None: no turn does."""
    for shift in range(count):
        moved = [[(line + shift) % count for line in terminal] for terminal in terminals]
        if lines_of_terminals(moved, indexes) == seen:
            return moved
    return None


class PhaseMapping:
    """The verdict on one EVSE at one meter. active: terminals that drew (indexes), None: it does not measure."""

    def __init__(self, name: str, meter: str, terminals: "Terminals", active: "list[int] | None", lines: "LineShares", step_da: int = 100) -> None:
        self.name = name
        self.meter = meter
        self.step_da = step_da
        self.findings: "list[Finding]" = []
        self.pair: "tuple[int, int] | None" = None  # (line of the site file, line that answers), where one terminal alone drew
        self.order_shown = False  # was it shown which terminal is on which line?
        self.seen = sorted([line for line, _ in lines.loaded()])
        self.active = first_terminals(terminals, len(self.seen)) if active is None else active
        self.expected = lines_of_terminals(terminals, self.active)
        self.clear = lines.clear()
        if self.clear:
            self._judge(terminals, lines, active is not None)

    def _judge(self, terminals: "Terminals", lines: "LineShares", measured: bool) -> None:
        if not self.seen:
            self.findings.append(findings.no_line(self.name, self.meter))
            return
        for line, sign in lines.loaded():
            permille = lines.line(line)[1]
            if sign < 0:
                self.findings.append(findings.reversed_ct(self.meter, line, self.step_da * permille // 1000, self.step_da))
            elif measured and not RATIO_LEAST <= permille <= RATIO_MOST and lines.narrow(line):
                self.findings.append(findings.wrong_ratio(self.meter, line, permille))
        if len(self.seen) == len(self.expected) == len(self.active) == 1:
            self.pair = (self.expected[0], self.seen[0])
        self.order_shown = len(self.active) == 1 or len(terminals) == 1
        if self.seen != self.expected:
            self._wrong(terminals, lines.count)

    def _wrong(self, terminals: "Terminals", count: int) -> None:
        if len(self.seen) < len(self.expected) and [line for line in self.seen if line in self.expected] == self.seen:
            missing = [line for line in self.expected if line not in self.seen]
            self.findings.append(findings.missing_line(self.name, self.meter, missing))
            return
        right = rotated_terminals(terminals, self.seen, self.active, count)
        if right is None:
            right = [[line] for line in self.seen]
        self.findings.append(findings.wrong_line(self.name, self.active, self.seen, self.expected, right))

    def text(self) -> str:
        """What was seen, in one sentence."""
        if not self.clear:
            return "the lines of meter %s did not follow clearly: other load changed at the same time" % self.meter
        text = "%s: %s on %s of meter %s" % (self.name, findings.terminals_text(self.active), findings.lines_text(self.seen), self.meter)
        if self.seen and not self.order_shown:
            text += "; only a single-phase load shows which terminal is on which line"
        return text


def swapped_at(meter: str, pairs: "list[tuple[int, int]]") -> "Finding | None":
    """A finding when several EVSEs agree on exchanged lines of this meter, else None. pairs: of their Mapping."""
    known: "dict[int, int]" = {}
    for expected, seen in pairs:
        if expected == seen or known.get(expected, seen) != seen:
            return None
        known[expected] = seen
    if len(known) < 2:
        return None
    return findings.swapped_cts(meter, [(line, known[line]) for line in sorted(known)])
