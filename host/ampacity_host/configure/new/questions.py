"""The questions of `ampacity new`, in the order of the site file; what an option has answered is not asked."""

from typing import Any

from ampacity_host.configure.new.answers import BadAnswer, count_of, value_of
from ampacity_host.configure.new.asking import Person
from ampacity_host.configure.new.plan import COUNT_MAX, SERIAL, Plan, Values, add_bus, add_evse_values, add_meter_values, link_of, most_a
from ampacity_host.configure.site_file.supply import ordered_in_watts
from ampacity_host.configure.site_file.toml_text import near
from ampacity_host.profiles.command import all_rows, called

EXPLAIN = {
    "name": "Name of the site, in reports and logs.",
    "voltage": "Volts between a line and neutral: 120 with 120/208 V, 230 with 230/400 V. Orders in watts are counted with it.",
    "phases": "Lines of the supply: 3 for a three-phase connection, 1 for a single-phase connection.",
    "mains": "Rating of the grid connection per line: the smallest of main fuse, breaker, cable and contract. Everything below has to fit into it.",
    "breaker": "Curve and rated current of the breaker, as printed on it. The check compares its curve with the longest overload. Without an "
               "answer it assumes curve B at the rating.",
    "other": "Worst case per line of everything at this connection that is not an EVSE: flats, lifts, machines, at the same time. It counts when "
             "there is no meter, or the meter is lost. 0 only if nothing else is connected.",
    "feeder": "If all EVSEs are behind a separate feeder with a smaller rating than the grid connection, its rating; else Enter.",
    "device": "Name of the device, or a part of its name, manufacturer or model: `keba`, `heidelberg`. `ampacity devices` lists all. `local` is the "
              "charging point of the controller itself, `ampacity` another EVSE with this firmware.",
    "count": "How many of this kind, one after another: with consecutive addresses.",
    "max": "The highest current that the device can ever offer: the position of its switch, or its rating plate. All sums depend on it.",
    "port": "Serial port of the controller with the RS-485 line, such as /dev/ttyUSB0, /dev/ttyAMA0 or, on a board, uart:1.",
    "unit": "Modbus address of the device; of several devices that of the first.",
    "host": "IP address or host name of the device; of several devices that of the first: the last number of an IP address is counted up, and "
            "{n} in a name becomes 1, 2, 3, ….",
    "meter": "A meter lets the cars use what other load leaves. Without one the worst case of other load counts at all times.",
    "circuit": "The circuit whose current this meter measures.",
    "url": "Address of the CSMS (backend), such as wss://csms.example/ocpp. Without it every car charges without authorization.",
    "identity": "Name under which the CSMS knows this station.",
    "password": "Password of the station at the CSMS. Enter: a random one is written into the site file, for the CSMS to use.",
    "root": "PEM file with the root certificate of the CSMS, in the folder of the site file or with its whole path.",
}  # fmt: skip


def ask_supply(person: Person, given: Values, name: str) -> Plan:
    """[site] and the circuits. given: what options have answered, by the name of its option."""
    plan = Plan()

    def get(option: str, text: str, kind: str, key: str, default: "object | None") -> Any:
        return given[option] if option in given else person.field(text, kind, key, default, EXPLAIN[option])

    plan.site = {"name": get("name", "Name of the site", "site", "name", name)}
    plan.site |= {key: given[key] for key in ("system", "voltage") if key in given}
    if "phases" not in given and "system" not in given:
        phases = person.field("Lines of the supply", "site", "phases", 3, EXPLAIN["phases"])
        plan.site |= {"phases": phases} if phases != 3 else {}
    elif "phases" in given:
        plan.site["phases"] = given["phases"]
    main = {"name": "main", "rating_a": get("mains", "Rating of the grid connection", "circuit", "rating_a", None)}
    main |= {"continuous": given["continuous"]} if "continuous" in given else {}
    breaker = get("breaker", "Its breaker", "circuit", "breaker", "")
    main |= {"breaker": breaker} if breaker else {}
    main["assumed_other_a"] = get("other", "Worst case of all other load", "circuit", "assumed_other_a", None)
    plan.circuits = [main]
    feeder = get("feeder", "Rating of a separate feeder of all EVSEs", "circuit", "rating_a", "")
    if feeder:
        plan.circuits.append({"name": "charging", "parent": "main", "rating_a": feeder, "assumed_other_a": 0})
        plan.circuits[1] |= {"continuous": given["continuous"]} if "continuous" in given else {}
    return plan


def device(person: Person, kind: str, text: str, default: "str | None") -> str:
    """The name of a device, by a part of what it is called; "" for none."""
    rows = [row for row in all_rows() if row["kind"] == kind]

    def read(typed: str) -> str:
        if not typed:
            return ""
        found = [row for row in rows if row["name"] == typed] or [row for row in rows if typed.lower() in called(row)]
        if len(found) == 1:
            return str(found[0]["name"])
        if not found:
            close = near(typed, [row["name"] for row in rows])
            raise BadAnswer(f"no device has {typed!r} in its name, manufacturer or models" + (f"; did you mean {close}?" if close else ""))
        raise BadAnswer("which one? " + ", ".join(row["name"] for row in found))

    name = str(person.ask(text, read, default, EXPLAIN["device" if kind == "evse" else "meter"]))
    row = next((row for row in rows if row["name"] == name), None)
    if row:
        person.show(f"  {name}: {row['vendor']}, {', '.join(row['models'])}")
    return name


def ask_evses(person: Person, plan: Plan) -> bool:
    """One kind of EVSE; False: there is none left to name. Raises BadAnswer."""
    kind = device(person, "evse", "Next kind of EVSE" if plan.evses else "EVSE", "" if plan.evses else None)
    if not kind:
        return False
    count = 1
    if kind != "local":
        count = int(person.ask("How many of them", lambda typed: count_of(typed, COUNT_MAX), "1", EXPLAIN["count"], f"1 to {COUNT_MAX}"))
    values: Values = {"kind": kind}
    values["max_a"] = person.field("Highest current of each", "evse", "max_a", most_a(kind) or 16, EXPLAIN["max"])
    values |= ask_place(person, plan, "evse", kind)
    add_evse_values(plan, values, count)
    ask_voltage(person, plan)
    return True


def ask_voltage(person: Person, plan: Plan) -> None:
    """The voltage, where the check requires it: some EVSE of a wye supply is ordered in watts or between two lines."""
    needed = any(ordered_in_watts(evse["kind"]) or any("-" in end for end in evse.get("phases", ())) for evse in plan.evses)
    if needed and plan.site.get("system", "wye") == "wye" and "voltage" not in plan.site:
        plan.site["voltage"] = person.field("Voltage between a line and neutral", "site", "voltage", None, EXPLAIN["voltage"])


def ask_meter(person: Person, plan: Plan) -> bool:
    """One meter; False: none. Raises BadAnswer."""
    unmeasured = [each["name"] for each in plan.circuits if "meter" not in each]
    if not unmeasured:
        return False
    profile = device(person, "meter", "Next meter" if plan.meters else "Meter", "")
    if not profile:
        return False
    circuit = unmeasured[0]
    if len(unmeasured) > 1:
        def one(typed: str) -> str:
            if typed not in unmeasured:
                raise BadAnswer(f"{typed!r} is not allowed; use " + " or ".join(unmeasured))
            return typed
        circuit = str(person.ask("Circuit that it measures", one, circuit, EXPLAIN["circuit"], " or ".join(unmeasured)))
    add_meter_values(plan, {"profile": profile} | ask_place(person, plan, "meter", profile), circuit)
    return True


def ask_place(person: Person, plan: Plan, kind: str, name: str) -> Values:
    """Bus, host and unit of a device; a bus that is missing is added. Raises BadAnswer."""
    link = link_of(kind, name)
    media = list(link["media"])
    if not media:
        return {}
    medium = media[0]
    if len(media) > 1:
        def one(typed: str) -> str:
            if typed not in media:
                raise BadAnswer(f"{typed!r} is not allowed; use " + " or ".join(media))
            return typed
        medium = str(person.ask("Connected by", one, medium, "rtu: a serial RS-485 line; tcp: a network.", " or ".join(media)))
    low, high = link.get("units", (1, 247))
    if medium == "tcp":
        lan = next((bus["name"] for bus in plan.buses if bus["kind"] == "tcp" and "host" not in bus), None)
        host = person.ask("IP address or host name", host_read, None, EXPLAIN["host"])
        unit = person.field("Modbus address", kind, "unit", 255 if high == 255 else low or 1, EXPLAIN["unit"])
        if lan is None:
            add_bus(plan, "tcp")
        return {"bus": lan or plan.buses[-1]["name"], "host": host, "unit": unit}
    known = [bus["port"] for bus in plan.buses if bus["kind"] == medium]
    port = person.field("Serial port of the controller", "bus", "port", known[0] if known else "/dev/ttyUSB0", EXPLAIN["port"])
    if port not in known:
        add_bus(plan, f"{medium}:{port}")
    bus = next(bus for bus in plan.buses if bus.get("port") == port and bus["kind"] in SERIAL)
    used = {each.get("unit") for each in (*plan.evses, *plan.meters) if each.get("bus") == bus["name"]}
    free = next((each for each in range(low or 1, high + 1) if each not in used), low)
    return {"bus": bus["name"], "unit": person.field("Modbus address", kind, "unit", free, EXPLAIN["unit"])}


def host_read(typed: str) -> str:
    if "{n}" in typed:
        value_of("evse", "host", typed.replace("{n}", "1"))
        return typed
    return str(value_of("evse", "host", typed))


def ask_upstream(person: Person, given: Values, name: str) -> Values:
    """The fields of [ocpp] that the options left out; {} without a CSMS."""
    url = given["ocpp"] if "ocpp" in given else person.field("URL of the CSMS", "ocpp", "url", "", EXPLAIN["url"])
    if not url:
        return {}
    found: Values = {"url": url}
    found["identity"] = given.get("identity") or person.field("Identity of the station", "ocpp", "identity", name, EXPLAIN["identity"])
    if "password" not in given:
        person.show("  " + EXPLAIN["password"])
        found["password"] = person.secret("Password (not shown): ")
    if url.startswith("wss:") and "root_pem" not in given:
        found["root_pem"] = person.field("Root certificate of the CSMS", "ocpp", "root_pem", None, EXPLAIN["root"])
    return found

