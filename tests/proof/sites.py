"""Sites of a few amperes, all times multiples of one step of five seconds."""


def evse(index, kind="ampacity", circuit=0, terminals=((0,),), **more):
    facts = {
        "name": "evse-%d" % (index + 1), "kind": kind, "bus": 0, "unit": index + 1, "circuit": circuit,
        "terminals": [list(t) for t in terminals], "max_da": 100, "limit_da": 100, "min_da": 80, "step_da": 1, "feeder_da": 100,
        "priority": 1, "weight": 1, "fallback_da": 0, "watchdog_ms": 7500, "watchdog_tolerance_ms": 2500, "watchdog_fixed": False,
        "power_on_da": 0, "power_on_source": "settings", "settle_ms": 5000, "latency_ms": 0, "transit_ms": 0, "boot_ms": 500,
        "survives": False, "holds": False, "poll_feeds": False, "fingerprint": None,
    }  # fmt: skip
    facts.update(more)
    return facts


def box(index, **more):
    return evse(index, "profile", **dict(dict(power_on_source="documented"), **more))


def mute(index, **more):
    return evse(index, "profile", **dict(dict(watchdog_ms=0, watchdog_tolerance_ms=0, holds=True, power_on_source="documented"), **more))


def circuit(rating, name="main", parent=-1, other=0, meter=-1, phases=1, generation=0):
    return {"name": name, "parent": parent, "rating_da": [rating] * phases, "assumed_other_da": [other] * phases, "meter": meter,
            "generation_da": [generation] * phases}  # fmt: skip


def site(evses, circuits, phases=1, meters=(), **settings):
    timing = {"slot_s": 0, "deadband_da": 1, "raise_hold_ms": 0, "restart_hold_ms": 0, "idle_ms": 10**6}
    timing.update(settings)
    return {"format": 1, "name": "small", "phases": phases, "circuits": circuits, "buses": [{"name": "b", "kind": "rtu"}],
            "meters": list(meters), "evses": evses, "settings": timing}  # fmt: skip
