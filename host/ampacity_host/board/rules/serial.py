"""Serial ports and I2C: each has a UART, device or bus of its own, on pins that it reaches, and RS-485 has a direction."""

from typing import Any

from ampacity_host.board.chip import spread
from ampacity_host.board.rules.place import Found, Place

BY_PORT = {"linux": ("kernel", "auto"), "unix": ("auto",), "esp32": ("pin", "auto"), "rp2": ("pin", "auto"), "stm32": ("pin", "auto")}


def uarts(place: Place) -> Found:
    """A number or a device that the chip has and nothing else uses."""
    key = "device" if place.board["port"] in ("linux", "unix") else "uart"
    known = [row.get("device") if key == "device" else row["id"] for row in place.chip.facts["uart"]]
    first: dict[Any, str] = {}
    for index, each in enumerate(place.board["serial"]):
        field, value = f"serial.{index}.{key}", each.get(key)
        if value is None:
            yield "uart", field, "is missing; write " + ('a text such as "/dev/ttyUSB0"' if key == "device" else f"one of {_listed(known)}")
            continue
        if value in first:
            yield "uart", field, f"{value} is also that of {first[value]}; use another of {_listed(known)}"
        first.setdefault(value, each["name"])
        row = place.chip.uart(each)
        if row is None and known:
            yield "uart", field, f"{place.chip.facts['title']} has no UART {value}; use one of {_listed(known)}"
        elif row is not None and row["console"] and each["use"] != "console":
            yield "uart", field, f'{value} carries the prompt of the interpreter; use another of {_listed(known)}, or use = "console"'


def _listed(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values if value is not None) or "those that the system has"


def pins(place: Place) -> Found:
    """Transmit and receive are on pins that this UART reaches; a microcontroller names both."""
    for index, each in enumerate(place.board["serial"]):
        row = place.chip.uart(each)
        for key in ("tx", "rx"):
            field = f"serial.{index}.{key}"
            if key not in each:
                if "uart" in each:
                    yield "uart", field, "is missing; write the pin"
            elif row is not None and key in row and str(each[key]["pin"]) not in spread(row[key]):
                wanted = ", ".join(row[key])
                yield "uart", f"{field}.pin", f"{each[key]['pin']} is no {key} pin of UART {each.get('uart', each.get('device'))}; use {wanted}"


def i2c(place: Place) -> Found:
    """A bus that the chip has and nothing else uses, on pins that it reaches."""
    known = [row["id"] for row in place.chip.facts["i2c"]]
    ids = [each["id"] for each in place.board["i2c"]]
    for index, each in enumerate(place.board["i2c"]):
        field, number, row = f"i2c.{index}", each["id"], place.chip.i2c(each["id"])
        if number in ids[:index]:
            yield "i2c", f"{field}.id", f"{number} is also that of i2c.{ids.index(number)}; use another of {_listed(known)}"
        if row is None and known:
            yield "i2c", f"{field}.id", f"{place.chip.facts['title']} has no I2C {number}; use one of {_listed(known)}"
        for key in ("sda", "scl"):
            if row is not None and key in row and str(each[key]["pin"]) not in spread(row[key]):
                yield "i2c", f"{field}.{key}.pin", f"{each[key]['pin']} is no {key} pin of I2C {number}; use {', '.join(row[key])}"


def direction(place: Place) -> Found:
    """A half-duplex transceiver is switched by a part that can."""
    allowed = BY_PORT[place.board["port"]]
    for index, each in enumerate(place.board["serial"]):
        field, way = f"serial.{index}.direction", each["direction"]
        if each["use"] == "rs485" and way not in allowed or way in ("pin", "kernel") and way not in allowed:
            words = ", ".join(f'"{word}"' for word in allowed)
            yield "rs485-direction", field, f'"{way}" leaves the transceiver without a direction on port {place.board["port"]}; use {words}'
        elif way == "pin" and "de" not in each:
            yield "rs485-direction", f"serial.{index}.de", 'is missing; write the pin that enables the driver, for direction = "pin"'
        elif way in ("auto", "none") and "de" in each:
            yield "rs485-direction", f"serial.{index}.de", f'is not used with direction = "{way}"; leave it out, or use "{allowed[0]}"'


def silent_in_reset(place: Place) -> Found:
    """During reset the transmitter is off: it would hold the line for all others."""
    for index in range(len(place.board["serial"])):
        use = place.at(f"serial.{index}.de")
        wanted = "external-down" if use and use.level else "external-up"
        if use and use.pull != wanted:
            yield "pin-pull", f"{use.field}.pull", f'"{use.pull}" lets the transmitter hold the line in reset; use "{wanted}", and fit the resistor'


def bus_for_a_primary(place: Place) -> Found:
    """A primary reaches its EVSEs: over RS-485, or over a network."""
    board = place.board
    if not board["network"] and not any(each["use"] == "rs485" for each in board["serial"]):
        yield "function-missing", "serial", 'there is no bus; write a [[serial]] with use = "rs485", or a [[network]]'
    names = [each["name"] for each in board["serial"]]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield "uart", f"serial.{index}.name", f'"{name}" names a serial port already; use another name'


def network(place: Place) -> Found:
    """The port has such a link, and an Ethernet chip on SPI has its lines."""
    links = place.chip.facts["links"]
    for index, each in enumerate(place.board["network"]):
        if each["kind"] not in links:
            words = ", ".join(f'"{word}"' for word in links)
            yield "network", f"network.{index}.kind", f'"{each["kind"]}" does not exist on {place.chip.facts["title"]}; use {words}'
        for key in ("sck", "mosi", "miso", "cs") if each["kind"] == "w5500" else ():
            if key not in each:
                yield "function-missing", f"network.{index}.{key}", 'is missing; write its pin, for kind = "w5500"'


RULES = (uarts, pins, i2c, direction, silent_in_reset, bus_for_a_primary, network)
