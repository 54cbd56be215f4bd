"""What a restart of the primary, another site file, or a person's word must not make it forget."""

import re

import pytest

from tests.deep import sample
from tests.drawn.findings.scene import RTU, circuit, everybody_charges, evse, settle_in, site, told, within
from tests.drawn.table import table

HELD = {"kind": "esp32-evse", "bus": "b", "power_on_a": 6.0, "max_a": 16.0}  # no watchdog: it holds its last order
LOCAL = evse("e1", "local")


def parts(*devices, name="main", rating_a=32.0):
    return site(circuit(name, rating_a), RTU, LOCAL.replace('"main"', '"%s"' % name), *[one.replace('"main"', '"%s"' % name) for one in devices])


OTHER_FILES = {
    "removed": parts(),
    "renamed": parts(evse("e9", unit=2, **HELD)),
    "other unit": parts(evse("e2", unit=7, **HELD)),
    "other bus": parts(evse("e2", unit=2, **HELD)).replace("[[evse]]", RTU.replace('"b"', '"c"') + "\n[[evse]]", 1).replace('bus = "b"', 'bus = "c"'),
    "renamed circuit": parts(evse("e2", unit=2, **HELD), name="house"),
    "another make": parts(evse("e2", unit=2, bus="b", max_a=16.0)),
    "smaller maximum": parts(evse("e2", unit=2, **{**HELD, "max_a": 8.0})),
}


@pytest.mark.parametrize("change", sample(["removed", "renamed", "other unit", "renamed circuit", "another make", "smaller maximum"], 3))
def test_an_evse_that_leaves_the_site_file_counts_where_it_was(change):
    with table(parts(evse("e2", unit=2, **HELD))) as one:
        one.plug("e2", max_a=16)
        settle_in(one)
        one.go(40_000)
        held_a = max(one.state["truth"]["evses"]["e2"]["amps"])
        one.rig.site(text=OTHER_FILES[change])
        one.primary("kill")
        one.plug("e1")
        one.go(5_000)
        one.primary("start")
        one.go(150_000)
        told(one, "4 %s (it held %s A)" % (change, held_a))
        within(one, "4 %s" % change)


def test_an_isolated_evse_that_draws_counts_or_the_word_is_refused():
    with table(site(circuit("main", 32.0), RTU, LOCAL, evse("e2", bus="b", unit=2, max_a=16.0))) as one:
        one.plug()
        settle_in(one)
        one.go(30_000)
        answer = one.rig.answer("console", text="isolate e2 on")
        one.go(60_000)
        within(one, "14 isolate with a fresh reading (%s)" % answer.get("text", answer.get("error")))
        assert answer.get("text") != "ok", "neither refused nor warned"


def lock_out(one, name):
    """It disobeys until it is locked out."""
    one.plug(name, obeys=False)
    for _ in range(600):
        one.go(500)
        if "disobeyed" in one.why(name):
            break
    assert "disobeyed" in one.why(name), one.why(name)


def replaced(one, name):
    """Another unit hangs in its place, and a person says so: what the console said."""
    one.unplug(name)
    one.fault("swapped", name)
    one.go(30_000)
    text = one.rig.console(text="replace " + name)["text"]
    number = re.search(r"new (\S+?)[:,;.]?(\s|$)", text)
    said = one.rig.answer("console", text="replace %s serial=%s" % (name, number[1] if number else "none"))
    one.go(30_000)
    return "%s | %s" % (text, said.get("text", said.get("error")))


@pytest.mark.parametrize("kind", ["ampacity", "abb-terra-ac"])
@pytest.mark.parametrize("locked", sample([False, True], 2, 1))
def test_a_unit_that_was_replaced_charges_again(kind, locked):
    with table(site(circuit("main", 32.0), RTU, LOCAL, evse("e2", kind, bus="b", unit=2, max_a=16.0, power_on_a=0.0))) as one:
        one.plug("e1")
        if locked:
            lock_out(one, "e2")
        else:
            one.plug("e2")
            settle_in(one)
        said = replaced(one, "e2")
        one.plug("e2")
        one.forget()
        everybody_charges(one, 600)
        within(one, "14 unit replaced%s (%s): %s" % (" after a lock-out" if locked else "", said, one.why("e2")))
        assert not one.stranded() and not one.awaiting(), (one.stranded(), one.awaiting())


@pytest.mark.parametrize("kind", sample(["ampacity", "abb-terra-ac"], 2, 1))
def test_a_lock_out_outlives_replace_without_another_unit(kind):
    with table(site(circuit("main", 32.0), RTU, LOCAL, evse("e2", kind, bus="b", unit=2, max_a=16.0, power_on_a=0.0))) as one:
        one.plug("e1")
        lock_out(one, "e2")
        text = one.rig.console(text="replace e2")["text"]
        number = re.search(r"serial number (\S+?)[,:;]? ", text + " ")
        said = one.rig.answer("console", text="replace e2 serial=" + (number[1] if number else "none"))
        one.go(70_000)
        one.primary("power_cycle")
        one.go(200_000)
        within(one, "14 replace after a lock-out (%s | %s; now %s)" % (text, said.get("text"), one.why("e2")))
        assert "disobeyed" in one.why("e2"), one.why("e2")


@pytest.mark.parametrize("kind", sample(["residual_current", "diode"], 2))
def test_a_latch_of_the_local_point_outlives_a_restart(kind):
    with table(site(circuit("main", 32.0), LOCAL)) as one:
        one.plug()
        settle_in(one)
        one.fault(kind, "e1")
        one.go(15_000)
        one.fault(kind, "e1", on=False)
        one.go(90_000)
        before = one.state["truth"]["evses"]["e1"]["contactor"]
        one.forget()
        one.primary("power_cycle")
        one.go(120_000)
        told(one, "15 %s: closed before the restart %s, after it %s" % (kind, before, "e1" in one.charged))
        assert "e1" not in one.charged or before


def test_an_outside_limit_until_replaced_outlives_a_restart():
    with table(site(circuit("main", 32.0), LOCAL)) as one:
        one.plug()
        settle_in(one)
        one.rig.limit(source="console", target="e1", amps=8)
        one.go(20_000)
        one.primary("power_cycle")
        worst_a = 0.0
        for _ in range(60):
            one.go(2_000)
            worst_a = max(worst_a, max(one.state["truth"]["evses"]["e1"]["amps"]))
        told(one, "9 limit of 8 A until replaced, restart: %s A" % worst_a)
        assert worst_a <= 8.0
