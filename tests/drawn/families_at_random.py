"""Sites with primaries below primaries, two or three levels of them, with reserves: texts that `ampacity check` takes."""

import tempfile
from pathlib import Path

from tests.drawn.sites_at_random import section

LINES = ("L1", "L2", "L3")


def site_of(chance, name, levels, parent):
    """[(file, text)], the top first. parent: fields of [parent], None at the top."""
    bus = "b-" + name
    rating_a = float(chance.choice((20, 32, 40, 63)) * levels)
    root = {"name": "c-" + name, "rating_a": rating_a} | ({"assumed_other_a": float(round(rating_a * 0.2))} if chance.random() < 0.4 else {})
    files, evses = [], []
    for n in range(1, 1 + chance.choice((1, 2))) if levels > 1 else ():
        below = "%s%d" % (name, n)
        files += site_of(chance, below, levels - 1, {"bus": bus, "port": "virtual", "unit": 100 + n})
        evses.append({"name": below, "kind": "ampacity", "site": below + ".toml", "bus": bus, "unit": 100 + n, "circuit": root["name"]})
    for n in range(1, 1 + (chance.choice((0, 1)) if levels > 1 else chance.choice((2, 3, 4)))):
        evse = {"name": "%s-e%d" % (name, n), "kind": "ampacity", "bus": bus, "unit": n, "circuit": root["name"]}
        evse["max_a"] = float(chance.choice((16, 20)))
        evses.append(evse | ({"fallback_a": 6.0} if chance.random() < 0.4 else {}))
    for evse in evses:
        if chance.random() < 0.4:
            first = chance.randrange(3)
            evse["phases"] = [LINES[(first + line) % 3] for line in range(3)]
    buses = [{"name": bus, "kind": "rtu", "port": "virtual", "baud": chance.choice((19200, 115200))}]
    parts = [section("[site]", {"name": "s-" + name})] + ([section("[parent]", parent)] if parent else [])
    parts += [section("[[%s]]" % kind, each) for kind, tables in (("circuit", [root]), ("bus", buses), ("evse", evses)) for each in tables]
    return [(name + ".toml", "\n".join([*parts, section("[settings]", {"slot_s": 60, "restart_hold_s": 10})])), *files]


def draw_family(chance):
    """(text of the top, [(file, text)] of those below, the check's report)."""
    from tests.drawn.table import checked

    while True:
        (_, top), *below = site_of(chance, "t", chance.choice((2, 2, 3)), None)
        with tempfile.TemporaryDirectory() as folder:
            for name, text in [("top.toml", top), *below]:
                (Path(folder) / name).write_text(text)
            report = checked(Path(folder) / "top.toml")
        if report["ok"]:
            return top, below, report
