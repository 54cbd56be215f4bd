"""`check`: every variant of a board file against all rules, less what the file waives with a reason."""

from pathlib import Path

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.findings import Board, Finding
from ampacity_host.board.loader import BoardFile, once
from ampacity_host.board.rules import functions, memory, pins, ratings, serial
from ampacity_host.board.rules.memory import HEAP_WORDS, TLS_HOLDS_KIB
from ampacity_host.board.rules.place import place_of
from ampacity_host.board.rules.ratings import HOLD_HZ_MIN, HOLD_PERMILLE_MIN
from ampacity_host.profiles.schema_errors import meant

RULE_NAMES = {
    "format": "the file is TOML, and every field is known, of its kind and in its range",
    "chip": "the chip is described in `boards/chips`",
    "port": "the port runs on the chip",
    "interpreter": "the interpreter runs the firmware: MicroPython 1.25 or newer, on Linux CPython 3.11 or newer",
    "source": "each fact names a source that the file lists",
    "pin-clash": "a pin has one function",
    "pin-missing": "the package has the pin",
    "pin-reserved": "no part of the module or the board uses the pin by itself: flash, PSRAM, USB, radio, Ethernet",
    "pin-strapping": "no function is on a pin that selects the boot mode",
    "pin-input-only": "an output has a driver, and a pin without one no resistor inside",
    "pin-adc": "a voltage is on an ADC input, and not on one that Wi-Fi blocks",
    "pin-pwm": "a PWM is on a pin with a timer",
    "pwm-timer": "two frequencies do not share a timer",
    "pin-pull": "a resistor on the board holds contactors, test current, outputs and RS-485 transmitters off during reset; "
    "an open line of an input reads what is safe",
    "function-missing": "everything that the kind of pilot, the connector and the parts need is there",
    "function-unused": "nothing is there that contradicts the kind of pilot or of RCD",
    "pilot-kind": "the chip can sample the pilot",
    "pilot-method": "the way of sampling sees the half waves of the rated current",
    "pwm-resolution": "the pilot has 1000 steps of duty or more at 1 kHz",
    "adc-range": "what is measured comes to the pin within the range of the converter: CP ±12.6 V, PP 60 to 4500 Ω",
    "adc-resolution": "a step is 100 mV of CP at most; the windows of Table B.2 are 5 steps apart",
    "contactor-poles": "every conductor of the outlet is switched, and by one contactor",
    "contactor-rating": "a contactor carries the rated current, and its coil is held: "
    f"with {HOLD_PERMILLE_MIN} ‰ or more (with less a contactor may open: IEC 60947-4-1, limits of operation), at {HOLD_HZ_MIN} Hz or more",
    "flash-map": "regions are inside the flash, apart and on erase units, with interpreter and files among them",
    "flash-files": "a file system has 16 erase units or more, and room for two slots of the application",
    "ram": f"the heap is that of a primary of `evses_max`, as measured: {HEAP_WORDS}; {TLS_HOLDS_KIB} KiB less without TLS; more EVSEs: computed; "
    "and it is less than the RAM of the chip with its PSRAM",
    "uart": "a serial port has a UART or device for itself, on pins that it reaches, apart from the prompt",
    "i2c": "an I2C bus is one that the chip has, for itself, on pins that it reaches",
    "rs485-direction": "the transceiver has a direction that the port can switch",
    "network": "the port has such a link on this chip",
    "watchdog": "the hardware watchdog exists and can wait that long",
    "update": "the kind of update exists on the port, with its slots in the flash map",
    "waive": "a waiver names a rule and has a finding",
}
RULES = pins.RULES + functions.RULES + ratings.RULES + memory.RULES + serial.RULES


def check(file: BoardFile) -> list[Finding]:
    """All that is wrong, each once: of the format first. Empty for a board that can be."""
    found = list(file.findings)
    waived: set[tuple[str, str]] = set()
    for name, board in file.variants.items():
        rows = {(row["rule"], row["field"]) for row in board["waive"]}
        here = variant_findings(name, board, file.path.resolve().parents[1] / "chips")
        waived |= rows if [each for each in here if each.rule == "chip"] else set()  # no other rule was applied
        for each in here:
            place = (each.rule, each.field)
            waived |= {place} & rows
            found += [] if place in rows else [each]
    return once(found + unused_waivers(file, waived))


def variant_findings(name: str, board: Board, chips_folder: Path) -> list[Finding]:
    """What is wrong with one variant, nothing waived. chips_folder: of chips next to the board, searched first."""
    try:
        place = place_of(board, chips_folder)
    except Rejected as refused:
        return [Finding("chip", refused.field, f"{refused.value!r} is not allowed; use {refused.allowed}", name)]
    return [Finding(rule, field, text, name) for each in RULES for rule, field, text in each(place)]


def unused_waivers(file: BoardFile, waived: set[tuple[str, str]]) -> list[Finding]:
    """A waiver of nothing hides the next mistake."""
    found = []
    for board in file.variants.values():
        for index, row in enumerate(board["waive"]):
            if row["rule"] not in RULE_NAMES:
                found.append(Finding("waive", f"waive.{index}.rule", f'"{row["rule"]}" is no rule; {meant(row["rule"], list(RULE_NAMES))}'))
            elif (row["rule"], row["field"]) not in waived:
                found.append(Finding("waive", f"waive.{index}", f"rule {row['rule']} has no finding at {row['field']}; use none there"))
    return found
