"""What a new site consists of: tables as a site file has them, before they are written."""

import ipaddress
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host import profiles
from ampacity_host.configure.new.answers import BadAnswer, count_of, full_key, parts_of, value_of
from ampacity_host.configure.site_file.toml_text import near

Values = dict[str, Any]
SERIAL = ("rtu", "ascii")
OWN_MEDIA = {"local": (), "ampacity": ("rtu", "tcp")}
COUNT_MAX = 100
SETTING = re.compile(r"(\d{4,6})([NEO])([12])")


@dataclass
class Plan:
    """Tables by kind; values as TOML has them."""

    site: Values = field(default_factory=dict)
    circuits: list[Values] = field(default_factory=list)
    buses: list[Values] = field(default_factory=list)
    meters: list[Values] = field(default_factory=list)
    evses: list[Values] = field(default_factory=list)
    ocpp: Values = field(default_factory=dict)
    time: Values = field(default_factory=dict)

    def bus(self, name: str) -> Values:
        """Raises BadAnswer."""
        for bus in self.buses:
            if bus["name"] == name:
                return bus
        raise BadAnswer(f"bus: there is no bus {name!r}; have: {', '.join(bus['name'] for bus in self.buses) or 'none'}")

    @property
    def names(self) -> set[str]:
        return {table["name"] for table in (*self.circuits, *self.evses, *self.meters, *self.buses)}


def link_of(kind: str, name: str) -> Values:
    """How the device called name is connected; kind: "evse" or "meter". Raises BadAnswer for an unknown device."""
    if kind == "evse" and name in OWN_MEDIA:
        return {"media": list(OWN_MEDIA[name])}
    if name not in profiles.names(kind):
        close = near(name, [*profiles.names(kind), *(OWN_MEDIA if kind == "evse" else ())])
        raise BadAnswer(f"there is no {kind} {name!r}; " + (f"did you mean {close}? " if close else "") + "`ampacity devices` lists all")
    try:
        return dict(profiles.load(f"{kind}-{name}")["link"])
    except Rejected as refused:
        raise BadAnswer(str(refused)) from None


def most_a(kind: str) -> "Decimal | int | None":
    """The documented maximum of an EVSE, in amperes; None: not documented, or one of our own kinds."""
    if kind in OWN_MEDIA:
        return None
    found = profiles.load(f"evse-{kind}").get("order", {}).get("max_a")
    return found if isinstance(found, int | Decimal) else None


def least_fallback(kind: str, most: "Decimal | int", values: Values) -> Values:
    """{"fallback_a": …} where a device cannot fall back to 0 A: the least that it can be set to."""
    if kind in OWN_MEDIA or "fallback_a" in values:
        return {}
    profile = profiles.load(f"evse-{kind}")
    try:
        profiles.evse_facts(profile, {key: values[key] for key in ("min_a", "watchdog_s", "power_on_a") if key in values} | {"max_a": most})
    except Rejected as refused:
        ranges = profile.get("watchdog", {}).get("fallback_values_a", [])
        if refused.field == "fallback_a" and ranges:
            return {"fallback_a": min(low for low, _ in ranges)}
    return {}


def add_bus(plan: Plan, text: str) -> None:
    """[NAME=]KIND[:PLACE[,SETTING]]: rtu:/dev/ttyUSB0,9600N1 or meters=rtu:/dev/ttyUSB1 or lan=tcp. Raises BadAnswer."""
    name, equals, rest = text.partition("=") if re.match(r"[^:,]+=", text) else ("", "", text)
    kind, _, place = rest.partition(":")
    place, _, setting = place.partition(",")
    kind = value_of("bus", "kind", kind)
    bus = {"name": value_of("bus", "name", name) if equals else free_name(plan, "lan" if kind == "tcp" else "rs485"), "kind": kind}
    if kind in SERIAL:
        if not place:
            raise BadAnswer(f"{text!r} names no port; use {kind}:/dev/ttyUSB0, with the serial port of the controller")
        bus["port"] = value_of("bus", "port", place)
    elif place:
        bus["host"] = value_of("bus", "host", place)
    if setting:
        found = SETTING.fullmatch(setting)
        if not found or kind not in SERIAL:
            raise BadAnswer(f"{setting!r} is not a serial setting; use one such as 19200E1 or 9600N1, on a bus of kind rtu or ascii")
        bus["baud"], bus["parity"], bus["stop"] = value_of("bus", "baud", found[1]), found[2], int(found[3])
    plan.buses.append(bus)


def free_name(plan: Plan, stem: str) -> str:
    return next(name for number in range(1, 10000) if (name := f"{stem}-{number}") not in plan.names)


def read_parts(kind: str, parts: dict[str, str]) -> Values:
    """Raises BadAnswer."""
    return {(name := full_key(kind, key)): value_of(kind, name, text) for key, text in parts.items()}


def add_evses(plan: Plan, text: str) -> None:
    """KIND[,count=N][,max=A][,bus=NAME][,unit=N][,host=H][,FIELD=VALUE]…: several devices of one kind. Raises BadAnswer."""
    parts = parts_of(text, "kind")
    try:
        count = count_of(parts.pop("count", "1"), COUNT_MAX)
    except BadAnswer as bad:
        raise BadAnswer(f"count: {bad}") from None
    host = parts.pop("host", None)
    values = read_parts("evse", parts)
    if host is not None:
        values["host"] = host if "{n}" in host else value_of("evse", "host", host)
    add_evse_values(plan, values, count)


def add_evse_values(plan: Plan, values: Values, count: int) -> None:
    """The same for values that were read. Raises BadAnswer."""
    kind = values.get("kind")
    if not kind:
        raise BadAnswer("kind: is missing; name a device, such as keba-p30")
    link = link_of("evse", kind)
    most = values.get("max_a") or most_a(kind)
    if most is None:
        raise BadAnswer(f"max_a: is missing; what the switch or the rating plate of {kind} permits, such as max=16")
    common = {"kind": kind, **where(plan, "evse", kind, link, values), "circuit": values.get("circuit", plan.circuits[-1]["name"]), "max_a": most}
    common |= least_fallback(kind, most, values)
    common |= {key: value for key, value in values.items() if key not in ("name", "host", "unit")}
    stem = values.get("name")
    for number in range(count):
        name = stem if stem and count == 1 else free_name(plan, stem or "bay")
        plan.evses.append({"name": name, **common, **address(plan, common, link, values, number, count)})


def add_meter(plan: Plan, text: str) -> None:
    """PROFILE[,circuit=NAME][,name=NAME][,bus=NAME][,unit=N][,host=H]…; circuit: what it measures. Raises BadAnswer."""
    parts = parts_of(text, "profile")
    circuit = parts.pop("circuit", plan.circuits[0]["name"])
    add_meter_values(plan, read_parts("meter", parts), circuit)


def add_meter_values(plan: Plan, values: Values, circuit: str) -> None:
    """The same for values that were read. Raises BadAnswer."""
    profile = values.get("profile")
    if not profile:
        raise BadAnswer("profile: is missing; name a meter, such as eastron-sdm630")
    measured = next((each for each in plan.circuits if each["name"] == circuit), None)
    if measured is None or "meter" in measured:
        raise BadAnswer(f"circuit: {circuit!r} is not allowed; use one without a meter: "
                        + (", ".join(each["name"] for each in plan.circuits if "meter" not in each) or "none is left"))  # fmt: skip
    link = link_of("meter", profile)
    name = values.get("name") or ("grid" if "grid" not in plan.names else free_name(plan, "meter"))
    common = {"name": name, "profile": profile, **where(plan, "meter", profile, link, values)}
    common |= {key: value for key, value in values.items() if key not in ("name", "host", "unit")}
    plan.meters.append({**common, **address(plan, common, link, values, 0, 1)})
    measured["meter"] = name


def where(plan: Plan, kind: str, name: str, link: Values, values: Values) -> Values:
    """{"bus": …} of a device: the one named, else the first that can carry it; a network is added if there is none."""
    media = link["media"]
    if not media:
        return {}
    if "bus" in values:
        plan.bus(values["bus"])
        return {"bus": values["bus"]}
    fitting = [bus["name"] for bus in plan.buses if bus["kind"] in media and (bus["kind"] == "tcp") >= ("host" in values)]
    if fitting:
        return {"bus": fitting[0]}
    if "tcp" in media and ("host" in values or media == ["tcp"]):
        plan.buses.append({"name": free_name(plan, "lan"), "kind": "tcp"})
        return {"bus": plan.buses[-1]["name"]}
    kinds = " or ".join(media)
    raise BadAnswer(f"{kind} {name} needs a bus of kind {kinds}; add one, such as --bus {media[0]}:{'HOST' if media[0] == 'tcp' else '/dev/ttyUSB0'}")


def address(plan: Plan, common: Values, link: Values, values: Values, number: int, count: int) -> Values:
    """unit and host of one of `count` alike devices. Raises BadAnswer."""
    if "bus" not in common:
        return {}
    bus = plan.bus(common["bus"])
    low, high = link.get("units", (1, 247))
    if bus["kind"] in SERIAL or "host" in bus and "host" not in values:
        fit_setting(bus, link)
        first = values.get("unit", low or 1)
        if "unit" in values:
            return {"unit": first + number}
        used = {each.get("unit") for each in (*plan.evses, *plan.meters) if each.get("bus") == bus["name"]}
        free = next((unit for unit in range(first, high + 1) if unit not in used), None)
        if free is None:
            raise BadAnswer(f"unit: no address from {low} to {high} is free on bus {bus['name']}")
        return {"unit": free}
    if "host" not in values:
        raise BadAnswer(f"host: is missing; the address of the device, such as host=192.168.1.40{' of the first, the others follow' * (count > 1)}")
    unit = values.get("unit", 255 if high == 255 else low or 1)
    return {"host": host_of(values["host"], number, count), "unit": unit}


def fit_setting(bus: Values, link: Values) -> None:
    """A serial line without a setting takes the documented one of its first device."""
    if bus["kind"] in SERIAL and "baud" not in bus and "baud" in link:
        bus.update({key: link[key] for key in ("baud", "parity", "stop") if key in link})


def host_of(host: str, number: int, count: int) -> str:
    """The host of the device with this number, from 0: counted up in an IP address, or in place of {n}, from 1."""
    if "{n}" in host:
        return str(value_of("evse", "host", host.replace("{n}", str(number + 1))))
    if count == 1:
        return host
    try:
        first = ipaddress.ip_address(host)
        return str(first + number)
    except ValueError:
        raise BadAnswer(f"host: {host!r} is one host for {count} devices; use an IP address that is counted up, or a name with {{n}}") from None
