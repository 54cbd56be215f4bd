"""Functions: a charging point has all that its kind of pilot needs, and nothing that contradicts it."""

from typing import Any

from ampacity_host.board.rules.place import Found, Place

LOCAL = {  # field: what it is, what to write
    "pwm": ("the 1 kHz output", "a table with pin"), "adc": ("the CP voltage", "a table with pin, numerator, denominator, offset_mv"),
    "disconnect": ("the switch that opens CP", "a table with pin"), "method": ("how CP is sampled", 'one of "extremes", "dma", "synchronous"'),
    "reset_output": ("what CP shows while the chip is in reset", 'one of "plus12", "minus12", "open"'),
}  # fmt: skip
MICROCONTROLLERS = ("esp32", "rp2", "stm32")
CONDUCTORS = {1: ("L1", "N"), 3: ("L1", "L2", "L3", "N")}

# the level at which an input rests, by function: is it the one that means on, and what a broken wire then says
SAFE_AT_REST: dict[str, tuple[bool, str]] = {
    "contactor.feedback": (True, "closed, as the mirror contact of a welded contactor"),
    "weld.sense": (False, "no voltage: it conducts when there is some"),
    "rcd.trip": (True, "tripped"),
    "input.presence": (False, "as without a person"),
    "input.safety": (True, "active"),
    "input.stop": (True, "stopped"),
}


def pilot(place: Place) -> Found:
    """Kind `local`, `serial` or `none`, and what belongs to each."""
    board, table = place.board, place.pilot
    if place.local:
        for key, (what, allowed) in LOCAL.items():
            if key not in table:
                yield "function-missing", f"pilot.{key}", f'is missing; kind = "local" needs {what}: write {allowed}'
        if not place.chip.facts["samples_pilot"]:
            yield "pilot-kind", "pilot.kind", 'a program on this chip cannot sample "local" in phase; use "serial" or "none"'
    if table["kind"] == "serial":
        links = [each["name"] for each in board["serial"] if each["use"] == "pilot"]
        if table.get("serial") not in links:
            allowed = "one of " + ", ".join(links) if links else 'the name of a [[serial]] with use = "pilot"'
            yield "function-missing", "pilot.serial", f'"{table.get("serial", "")}" is no serial port of a pilot module; use {allowed}'
    if table["kind"] == "none":
        for key in ("proximity", "contactor", "weld", "rcd", "lock", "rating"):
            if board.get(key):
                yield "function-unused", key, 'belongs to a charging point, and pilot.kind is "none"; leave it out, or use "local" or "serial"'
    elif "rating" not in board:
        yield "function-missing", "rating", "is missing; write a table with max_a, phases, connector"


def outlet(place: Place) -> Found:
    """Contactor, residual current, cable coding and lock of a local pilot."""
    board = place.board
    rating = board.get("rating")
    if not place.local or rating is None:
        return
    if not board["contactor"]:
        yield "function-missing", "contactor", "is missing; write a [[contactor]] with drive, poles, rating_a"
    else:
        poles = CONDUCTORS[rating["phases"]]
        switched = {pole for each in board["contactor"] for pole in each["poles"]}
        open_ones = [pole for pole in poles if pole not in switched]
        if open_ones:
            yield "contactor-poles", "contactor", f"nothing switches {', '.join(open_ones)}; use {', '.join(poles)} over all [[contactor]]"
        yield from _switched_twice(board["contactor"])
    if "rcd" not in board:
        yield "function-missing", "rcd", "is missing; write a table with kind, and trip and test unless the RCD is upstream"
    if rating["connector"] == "socket":
        for key, what in (("proximity", "cable coding"), ("lock", "lock")):
            if key not in board:
                yield "function-missing", key, f'is missing; write a table for the {what}, or use rating.connector = "cable"'


def _switched_twice(contactors: list[dict[str, Any]]) -> Found:
    first: dict[str, int] = {}
    for index, each in enumerate(contactors):
        twice = [pole for pole in each["poles"] if pole in first]
        if twice:
            yield ("contactor-poles", f"contactor.{index}.poles", f"{', '.join(twice)} is also a pole of contactor.{first[twice[0]]}; "
                   "use each pole once, or waive it where both are in series")  # fmt: skip
        first.update({pole: index for pole in each["poles"] if pole not in first})


def weld(place: Place) -> Found:
    """A contactor that sticks is seen: by a mirror contact of each, or by the mains behind it."""
    seen = {pole for each in place.board["weld"] for pole in each["poles"]}
    for index, each in enumerate(place.board["contactor"]):
        lines = [pole for pole in each["poles"] if pole != "N"]
        if "feedback" not in each and not (lines and set(lines) <= seen):
            behind = ", ".join(lines or ["N"])
            yield "function-missing", f"contactor.{index}.feedback", f"is missing; write a mirror contact, or a [[weld]] that sees {behind}"


def rcd(place: Place) -> Found:
    """A detector on the board reports its trip and can be tested."""
    table = place.board.get("rcd")
    if table is None:
        return
    for key in ("trip", "test"):
        if table["kind"] != "upstream-type-b" and key not in table:
            yield "function-missing", f"rcd.{key}", f'is missing; write the pin, which kind = "{table["kind"]}" has'
        if table["kind"] == "upstream-type-b" and key in table:
            yield "function-unused", f"rcd.{key}", 'belongs to a detector on the board; leave it out, or use kind = "rdc-dd" or "type-b"'


def pulls(place: Place) -> Found:
    """What a floating pin does while the chip is in reset: contactor and test current off, transmitter silent."""
    fields = [f"contactor.{index}.drive" for index in range(len(place.board["contactor"]))] + ["rcd.test"]
    fields += [f"output.{index}.out" for index in range(len(place.board["output"]))]
    for field in fields:
        use = place.at(field)
        if use is not None:
            wanted = "external-down" if use.level == 1 else "external-up"
            if use.pull != wanted:
                yield "pin-pull", f"{field}.pull", f'"{use.pull}" leaves the output undefined during reset; use "{wanted}", and fit the resistor'


def resting(place: Place) -> Found:
    """What an input reads whose wire is broken."""
    for use in place.uses:
        parts = use.field.split(".")
        function = parts[-1] if parts[0] != "input" else str(place.board["input"][int(parts[1])]["use"])
        on, meaning = SAFE_AT_REST.get(f"{parts[0]}.{function}", (None, ""))
        if on is not None:
            way = "up" if bool(use.level) == on else "down"
            if use.pull not in (way, f"external-{way}"):
                yield "pin-pull", f"{use.field}.pull", f'"{use.pull}" does not make an open line read {meaning}; use "{way}" or "external-{way}"'


def one_presence(place: Place) -> Found:
    """Of two inputs that show a person, one would not be looked at."""
    inputs = [index for index, each in enumerate(place.board["input"]) if each["use"] == "presence"]
    for index in inputs[1:]:
        yield "function-unused", f"input.{index}.use", f'"presence" is also the use of input.{inputs[0]}; use another one, or leave it out'


def rfid(place: Place) -> Found:
    """The card reader is on a port that the file has."""
    table = place.board.get("rfid")
    if table is None:
        return
    kind = table["kind"]
    links = [each["name"] for each in place.board["serial"] if each["use"] == "rfid"]
    if kind == "serial" and table.get("serial") not in links:
        yield "function-missing", "rfid.serial", "names no serial port; use " + (", ".join(links) or 'the name of a [[serial]] with use = "rfid"')
    if kind == "i2c" and table.get("i2c") not in [each["id"] for each in place.board["i2c"]]:
        yield "function-missing", "rfid.i2c", "names no bus; use the id of an [[i2c]]"
    if kind == "one-wire" and "data" not in table:
        yield "function-missing", "rfid.data", "is missing; write the pin of the reader"


RULES = (pilot, outlet, weld, rcd, pulls, resting, one_presence, rfid)
