"""The maps of the code name what is there: every file, folder, function and class in backticks, and every call of a sequence."""

import pytest
from described import gone
from house import ROOT, at

MAPS = ("docs/reading-the-code.md", "docs/architecture.md")


@pytest.mark.parametrize("name", MAPS)
def test_a_map_of_the_code_names_only_what_is_there(name):
    path = ROOT / name
    found = [at(path, line, said) for line, said in gone(path.read_text())]
    assert not found, "\n" + "\n".join(found)


SEQUENCE = "```mermaid\nsequenceDiagram\n    participant T as bus/transport.py\n    participant G as circuit/%s.py\n    T->>G: %s\n```\n"


@pytest.mark.parametrize(
    "text, said",
    [
        ("`bus/transport.py`, `transport.py`, `bus/client/` and `tests/host/`", []),
        ("`bus/conveyor.py`", ["no file or folder bus/conveyor.py"]),
        ("`bus/clients/`", ["no file or folder bus/clients/"]),
        ("`OcppEvse.may_charge()`, `may_charge` and `guard.limit(source, target, value)`", []),
        ("`OcppEvse.may_not_charge()`", ["no source defines OcppEvse.may_not_charge"]),
        ("`NoSuchThing`", ["no source defines NoSuchThing"]),
        ("`guard.no_such(source)`", ["no source defines no_such"]),
        ("`make quick`, `_da`, `ocpp` and `(words, now_ms) -> text`", []),
        ("| `circuit/guard.py` `meter`, `tick` | the guard |", []),
        ("| `circuit/guard.py` `meter`, `run_rtu` | the guard |", ["circuit/guard.py does not define run_rtu"]),
        ("| `circuit/guard.py` `run_rtu`, `bus/transport.py` | the guard |", []),
        ("`OpenAccess` in `evse/session.py`", []),
        ("`OpenAccess`\nof `evse/pilot.py`", ["evse/pilot.py does not define OpenAccess"]),
        (SEQUENCE % ("guard", "meter(index, amps_da)"), []),
        (SEQUENCE % ("guard", "run_rtu(): bytes"), ["circuit/guard.py does not define run_rtu"]),
        (SEQUENCE % ("guards", "tick"), ["no file circuit/guards.py"]),
    ],
)
def test_what_a_map_names_and_is_not_there_is_found(text, said):
    assert [finding for _, finding in gone(text)] == said


def test_a_finding_has_its_line():
    assert gone("one\n\n`NoSuchThing`\n") == [(3, "no source defines NoSuchThing")]
