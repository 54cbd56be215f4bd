"""A compiled site for tests of the bench's parts."""

from ampacity_host.rig.base.timeline import Timeline
from ampacity_host.rig.plant.plant import Plant


def evse(name, **changes):
    facts = {"name": name, "kind": "local", "profile": None, "bus": -1, "unit": 0, "circuit": 1,
             "terminals": [[0], [1], [2]], "max_da": 320, "limit_da": 320, "min_da": 60, "fallback_da": 0,
             "power_on_da": 0, "settle_ms": 5000, "latency_ms": 0, "host": None, "tcp_port": None}
    facts.update(changes)
    return facts


def site(evses=None, **changes):
    """main (63 A, metered) over row (32 A)."""
    facts = {
        "format": 1, "name": "t", "voltage_v": 230, "system": "wye", "phases": 3, "ocpp": None,
        "circuits": [
            {"name": "main", "parent": -1, "rating_da": [630] * 3, "breaker": "C63",
             "assumed_other_da": [200] * 3, "meter": 0},
            {"name": "row", "parent": 0, "rating_da": [320] * 3, "breaker": None, "assumed_other_da": [0] * 3,
             "meter": -1}],
        "buses": [{"name": "rs485-1", "kind": "rtu", "baud": 19200, "parity": "E", "stop": 1}],
        "meters": [{"name": "grid", "profile": "eastron-sdm630", "bus": 0, "unit": 100, "phases": [0, 1, 2],
                    "timeout_ms": 5000, "frozen_ms": 5000}],
        "evses": evses or [evse("evse-1")]}
    facts.update(changes)
    return facts


def plant(evses=None, **changes):
    time = Timeline()
    return Plant(site(evses, **changes), time), time


def run_ms(time, ms):
    time.run_to(time.now_us + ms * 1000)
