"""Sites of other shapes, as site files: what a garage on a three-phase supply never tries."""


def table(table_name, /, **fields):
    lines = ["[[%s]]" % table_name]
    for key, value in fields.items():
        text = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
        lines.append("%s = %s" % (key, text))
    return "\n".join(lines) + "\n\n"


def head(name, **fields):
    return table("site", name=name, **fields).replace("[[site]]", "[site]")


def circuit(name, rating_a, parent=None, **more):
    return table("circuit", name=name, rating_a=rating_a, **({"parent": parent} if parent else {}), **more)


def bus(name="b1", **more):
    return table("bus", name=name, kind=more.pop("kind", "rtu"), **({} if "host" in more else {"port": "virtual"}), **more)


def meter(name="grid", bus="b1", unit=100, **more):
    return table("meter", name=name, profile="eastron-sdm630", bus=bus, unit=unit, **more)


def evse(number, circuit, max_a=16.0, kind="ampacity", bus="b1", **more):
    place = {} if kind == "local" else {"bus": bus, "unit": number}
    return table("evse", name="e%d" % number, kind=kind, circuit=circuit, max_a=max_a, **{**place, **more})


def turned(number):
    return ["L%d" % ((number + n) % 3 + 1) for n in range(3)]


SPLIT = head("split", system="split", voltage=120) + circuit("main", 100.0, continuous=0.8, assumed_other_a=30.0, meter="grid") \
    + circuit("sub", 60.0, "main", continuous=0.8) + bus() + meter(phases=["L1", "L2"]) + evse(1, "sub", 32.0, "local", phases=["L1-L2"]) \
    + evse(2, "sub", 32.0, phases=["L1-L2"]) + evse(3, "sub", phases=["L1"]) + evse(4, "main", 24.0, phases=["L2"])
WYE_208 = head("wye", voltage=120) + circuit("main", [100.0, 90.0, 80.0], continuous=0.8, assumed_other_a=[10.0, 20.0, 30.0], meter="grid") \
    + circuit("panel", 60.0, "main", continuous=0.8) + bus() + meter() + evse(1, "panel", 32.0, "local", phases=["L1-L2"]) \
    + evse(2, "panel", 32.0, phases=["L2-L3"]) + evse(3, "panel", 32.0, phases=["L3-L1"]) + evse(4, "panel", 40.0, phases=["L1-L2"]) \
    + evse(5, "panel", phases=["L3"])
SINGLE = head("single") + circuit("main", [40.0, 35.0, 25.0], assumed_other_a=[15.0, 10.0, 5.0], meter="grid") + bus() + meter() \
    + "".join(evse(n, "main", 25.0, phases=[turned(n)[0]]) for n in range(1, 7)) + evse(7, "main", 16.0, "local")
UNMETERED = head("unmetered") + circuit("main", 50.0, assumed_other_a=12.0) + circuit("row", 32.0, "main", assumed_other_a=4.0) + bus() \
    + evse(1, "row", 32.0, "local") + "".join(evse(n, "row" if n % 2 else "main", fallback_a=6.0 if n == 3 else 0.0) for n in range(2, 6)) \
    + evse(6, "main", kind="heidelberg-energy-control")
DEEP = head("deep") + circuit("c0", 125.0, assumed_other_a=40.0, meter="grid") \
    + "".join(circuit("c%d" % n, 125.0 - 15 * n, "c%d" % (n - 1), assumed_other_a=float(max(0, 20 - 4 * n))) for n in range(1, 7)) + bus() + meter() \
    + "".join(evse(n, "c%d" % (n * 5 % 7), 32.0 if n % 2 else 16.0, "local" if n == 1 else "ampacity", phases=turned(n)) for n in range(1, 11))
GATEWAY = head("gateway") + circuit("main", 63.0, assumed_other_a=20.0, meter="grid") + bus() \
    + bus("gw", kind="tcp", host="127.0.0.1", gateway=True, private=True) + meter(bus="gw", unit=7) \
    + evse(1, "main", 32.0, "local") + evse(2, "main") + evse(3, "main") + evse(4, "main", kind="heidelberg-energy-control")
OWN_GATEWAY = head("far") + circuit("main", 63.0, assumed_other_a=20.0, meter="grid") \
    + bus("gw", kind="tcp", host="127.0.0.1", gateway=True, private=True) + meter(bus="gw", unit=7) + evse(1, "main", 32.0, "local") \
    + evse(2, "main", bus="gw") + evse(3, "main", bus="gw") + evse(4, "main", kind="heidelberg-energy-control", bus="gw")
TWO_BUSES = head("two") + circuit("main", 80.0, assumed_other_a=30.0, meter="grid") + circuit("a", 40.0, "main", meter="sub") \
    + circuit("b", 40.0, "main") + bus() + bus("b2", baud=9600) + meter() + meter("sub", "b2", 101) + evse(8, "a", 32.0, "local") \
    + "".join(evse(n, "a" if n % 2 else "b", 32.0, bus="b1" if n < 4 else "b2") for n in range(1, 7)) \
    + evse(7, "b", kind="heidelberg-energy-control", bus="b2")
NO_WATCHDOG = head("mute") + circuit("main", 63.0, assumed_other_a=10.0, meter="grid") + bus() + meter() + evse(1, "main", 32.0, "local") \
    + evse(2, "main") + evse(3, "main", kind="evse-wb-din")
SHAPES = {"split": SPLIT, "wye-208": WYE_208, "single-phase": SINGLE, "unmetered": UNMETERED, "deep": DEEP, "gateway": GATEWAY,
          "own-gateway": OWN_GATEWAY, "two-buses": TWO_BUSES, "no-watchdog": NO_WATCHDOG}
