"""A plan as the text of a site file: each table in the order of docs/install.md, its values with comments."""

import json
from decimal import Decimal
from typing import Any

from ampacity_host import profiles
from ampacity_host.configure.new.plan import OWN_MEDIA, Plan, Values
from ampacity_host.profiles.failsafe_classes import CLASSES, device_class

COMMENTS = {
    ("site", "voltage"): "line to neutral, in volts",
    ("site", "system"): "lines of the supply: see docs/install.md",
    ("site", "phases"): "lines of the supply",
    ("circuit", "rating_a"): "per line; a list has one number for each line",
    ("circuit", "continuous"): "part of the rating that may flow for hours",
    ("circuit", "breaker"): "curve and rated current",
    ("circuit", "assumed_other_a"): "worst case of all load that is not an EVSE, per line",
    ("circuit", "meter"): "measures this circuit",
    ("bus", "port"): "serial port of the controller",
    ("bus", "baud"): "the same in all devices of this line, as parity and stop",
    ("evse", "max_a"): "the most that the device can ever offer, by switch or hardware: all sums depend on it",
    ("evse", "unit"): "Modbus address",
    ("meter", "unit"): "Modbus address",
    ("ocpp", "identity"): "as the CSMS knows this station",
    ("ocpp", "security_profile"): "0 none (bench only), 1 password, 2 password and TLS, 3 certificate",
    ("ocpp", "password"): "the CSMS has the same",
    ("time", "tz"): "POSIX zone of the site",
    ("time", "ntp"): "time server",
}  # fmt: skip
WIDTH = 36


def site_text(plan: Plan, source: str) -> str:
    """The file. source: the first comment, which says where the file comes from."""
    lines = [f"# {source}", "# docs/install.md lists every field. After a change: ampacity check FILE"]
    lines += table("site", "[site]", plan.site)
    for circuit in plan.circuits:
        lines += table("circuit", "[[circuit]]", circuit)
    for bus in plan.buses:
        lines += table("bus", "[[bus]]", bus)
    for meter in plan.meters:
        lines += table("meter", "[[meter]]", meter, about("meter", meter["profile"]))
    said = ""
    for evse in plan.evses:
        lines += table("evse", "[[evse]]", evse, about("evse", evse["kind"]) if evse["kind"] != said else [])
        said = evse["kind"]
    if plan.ocpp:
        lines += table("ocpp", "[ocpp]", plan.ocpp)
    if plan.time:
        lines += table("time", "[time]", plan.time)
    return "\n".join(lines) + "\n"


def table(kind: str, header: str, values: Values, comments: "list[str] | tuple[str, ...]" = ()) -> list[str]:
    lines = ["", *(f"# {' '.join(each.split())}" for each in comments), header]
    for key, value in values.items():
        line = f"{key} = {toml(key, value)}"
        comment = COMMENTS.get((kind, key))
        lines.append(f"{line:{WIDTH}}  # {comment}" if comment else line)
    return lines


def about(kind: str, name: str) -> list[str]:
    """What an installer has to know of a device, from its profile."""
    if name in OWN_MEDIA:
        return []
    profile = profiles.load(f"{kind}-{name}")
    lines = [f"{name}: {profile['vendor']}, {', '.join(profile['models'])}"]
    if kind == "evse":
        letter = device_class(profile)
        lines.append(f"when the primary stops sending: class {letter}, {CLASSES[letter]}")
    return lines + [f"note: {note}" for note in profile.get("notes", [])]


def toml(key: str, value: Any) -> str:
    """A value as TOML; amperes with one decimal."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(toml(key, each) for each in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if key.endswith("_a") and Decimal(value) == Decimal(value).quantize(Decimal("0.1")):
        return f"{Decimal(value):.1f}"
    return str(value)
