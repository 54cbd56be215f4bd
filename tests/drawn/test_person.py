"""Whoever is left to a person charges after the command that `why` names; and what `why` says without a command is no excuse."""

from tests.drawn.findings.scene import RTU, circuit, everybody_charges, evse, meter, site
from tests.drawn.person import Person
from tests.drawn.table import table


def cleared(one, verb):
    """A person does what `why` names, and everybody charges."""
    person = Person(one)
    one.forget()
    everybody_charges(one, 60)
    left = one.left()
    assert left and person.clear(left) and set(person.given) == {verb}, left
    everybody_charges(one, 300)
    assert not one.left(), one.left()


def test_who_was_locked_out_charges_after_unlock():
    with table(site(circuit("main", 32.0), RTU, evse("e2", bus="b", unit=2, max_a=16.0))) as one:
        one.plug("e2", obeys=False)
        for _ in range(300):
            one.go(500)
            if "disobeyed" in one.why("e2"):
                break
        one.unplug("e2")
        one.go(5_000)
        one.plug("e2")
        cleared(one, "unlock")


def test_who_lacks_what_a_meter_once_showed_charges_after_confirm():
    circuits = [circuit("main", 34.0, assumed_other_a=4.0), circuit("shop", 32.0, parent="main", meter="m", assumed_other_a=4.0)]
    with table(site(*circuits, RTU, meter(), evse("e1", "local"))) as one:
        one.go(20_000)
        one.background("shop", 30.0, 30.0, 30.0)
        one.go(30_000)
        one.background("shop")
        one.plug("e1")
        cleared(one, "confirm")


def test_without_a_command_nothing_is_done():
    assert Person(None).clear({"e1": "0.0 A: inspection required"}) == []


def test_who_was_stopped_charges_after_the_car_was_plugged_in_again():
    with table(site(circuit("main", 32.0), RTU, evse("e1", "local"))) as one:
        one.plug("e1")
        one.go(10_000)
        one.fault("residual_current", "e1")
        one.go(5_000)
        one.fault("residual_current", "e1", on=False)
        one.go(5_000)
        cleared(one, "replug")


def test_an_untested_device_whose_reserve_keeps_others_waiting_is_tested():
    for gap in ("0.0 A is declared, not tested; `commission start` tests it",
                "unknown, the hardware maximum counts; declare it, or `commission start` tests it"):
        names = Person(None).names("0.0 A: no margin: − reserve e1 16.0 A; e1: power-on value " + gap)
        assert names == {("commission start", "e1")}, gap


class Below:
    """A table on which everything is taken down."""

    def __init__(self):
        self.rig, self.lines = self, []

    def answer(self, op, **fields):
        self.lines.append((op, fields))
        return {"ok": True, "text": "ok"}


def test_what_a_primary_below_names_is_said_at_its_own_console():
    one = Below()
    assert Person(one).clear({"t1.e2": "0.0 A: disobeyed: inspect it, then `unlock t1.e2`"}) == ["t1 unlock t1.e2: ok"]
    assert one.lines == [("console", {"text": "unlock t1.e2", "of": "t1"})]
