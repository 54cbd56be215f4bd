"""Pins: each is on the package, free, used once, and able to do what it is used for."""

from difflib import get_close_matches

from ampacity_host.board.rules.place import Found, Place
from ampacity_host.board.uses import ADC, DRIVEN, PWM
from ampacity_host.configure.site_file.toml_text import near


def clashes(place: Place) -> Found:
    """One pin, one function."""
    first: dict[str, str] = {}
    for use in place.uses:
        if use.pin in first:
            yield "pin-clash", use.field, f"pin {use.pin} is also {first[use.pin]}; use a free one{free(place)}"
        first.setdefault(use.pin, use.field)


def free(place: Place) -> str:
    """The pins that nothing uses, for a finding; "" where any name is accepted."""
    used = {use.pin for use in place.uses} | set(place.chip.taken) | place.chip.strapping
    left = [pin for pin in place.chip.pins if pin not in used]
    return ": " + ", ".join(left[:12]) + (", …" if len(left) > 12 else "") if left else ""


def exists(place: Place) -> Found:
    """The package has the pin."""
    for use in place.uses:
        if not place.chip.any_line and use.pin not in place.chip.pins:
            close = [] if use.pin.isdigit() else get_close_matches(use.pin.upper(), place.chip.pins, 1)
            allowed = "use one of " + ", ".join(place.chip.facts["pins"]) if place.chip.pins else "leave it out: no chip of this kind has pins"
            hint = f"; did you mean {close[0]}?" if close else ""
            yield "pin-missing", use.field, f"{place.chip.facts['title']} has no pin {use.pin}; {allowed}{hint}"


def reserved(place: Place) -> Found:
    """Neither the module nor a part of the board uses the pin by itself."""
    for use in place.uses:
        if use.pin in place.chip.taken:
            yield "pin-reserved", use.field, f"pin {use.pin} belongs to: {place.chip.taken[use.pin]}; use a free one{free(place)}"


def strapping(place: Place) -> Found:
    """What is connected to a strapping pin decides how the chip starts."""
    for use in place.uses:
        if use.pin in place.chip.strapping:
            yield "pin-strapping", use.field, f"pin {use.pin} selects the boot mode in reset; use a free one{free(place)}, or waive it with a reason"


def drivable(place: Place) -> Found:
    """An output has a driver; a pin without one has no internal resistor either."""
    for use in place.uses:
        if use.pin in place.chip.input_only and use.kind in DRIVEN:
            yield "pin-input-only", use.field, f"pin {use.pin} is an input only; use a free one{free(place)}"
        elif use.pin in place.chip.input_only and use.pull in ("up", "down"):
            yield "pin-input-only", f"{use.field}.pull", f'pin {use.pin} has no resistor inside; use "external-{use.pull}", and fit it'


def analog(place: Place) -> Found:
    """A measured voltage is on an input of a converter that is free."""
    for use in place.uses:
        row = place.chip.adc(use.pin)
        rows = [each for each in place.chip.facts["adc"] if not (place.chip.wifi and each.get("shared_with") == "wifi")]
        inputs = ", ".join(text for each in rows for text in each["pins"]) or "none"
        if use.kind == ADC and row is None:
            yield "pin-adc", use.field, f"pin {use.pin} has no ADC; use one of {inputs}"
        elif use.kind == ADC and row not in rows:
            yield "pin-adc", use.field, f"the ADC of pin {use.pin} cannot be used while Wi-Fi runs; use an input of another unit: {inputs}"


def timers(place: Place) -> Found:
    """A PWM has a timer, and its frequency for itself."""
    by_timer: dict[str, tuple[str, int]] = {}
    for use in place.uses:
        if use.kind != PWM or (place.chip.any_line and not place.chip.facts["pwm"]):
            continue
        row = place.chip.pwm(use.pin)
        if row is None:
            allowed = ", ".join(text for each in place.chip.facts["pwm"] for text in each["pins"]) or "none"
            yield "pin-pwm", use.field, f"pin {use.pin} has no PWM; use one of {allowed}"
            continue
        hz = 1000 if use.field == "pilot.pwm" else _hold_hz(place, use.field)
        other, theirs = by_timer.setdefault(row["timer"], (use.field, hz))
        if row["one_frequency"] and theirs != hz:
            yield "pwm-timer", use.field, f"{hz} Hz on {row['timer']}, which runs at {theirs} Hz for {other}; use a pin of another timer"


def _hold_hz(place: Place, field: str) -> int:
    return int(place.board["contactor"][int(field.split(".")[1])]["hold_hz"])


def sources(place: Place) -> Found:
    """Each fact names a source that the file lists."""
    known = list(place.board["sources"])
    named = [("source", place.board["source"])] + [(f"{use.field}.source", use.source) for use in place.uses]
    named += [(f"taken.{index}.source", row["source"]) for index, row in enumerate(place.board["taken"]) if "source" in row]
    for field, name in named:
        if name not in known:
            other = near(name, known)
            yield "source", field, f'"{name}" is no source of this file; ' + (f"did you mean {other}?" if other else "use one of " + ", ".join(known))


RULES = (clashes, exists, reserved, strapping, drivable, analog, timers, sources)
