"""What the documents of each device leave open: its model charges with every such variant, or with `off_shows` in the site file."""

import copy

import pytest
from variants import Pair, play, play_open

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host import profiles
from ampacity_host.profiles import undocumented
from tests.deep import sample

REGULATED = [name for name in profiles.names("evse") if not profiles.blocked(profiles.load("evse-" + name))]
TOLD = {  # what only the site's word makes charge, and the sentence without it
    "kathrein-kwb": "register limit_in_force (101) shows ",
    "vestel-evc04": "register current_limit (5004) shows ",
}


@pytest.mark.parametrize("name", sample(REGULATED, 8))
def test_every_variant_that_its_documents_leave_open_charges(name):
    for variant, row in play_open(name).items():
        if row != "charges":
            key, value = variant
            assert name in TOLD and key in ("off_shows", "unplugged_shows") and value != "0", (variant, row)
            assert row.startswith("charges with off_shows; without: " + TOLD[name]), (variant, row)
            assert "A, ordered 0.0 A; not documented: `ampacity commission` determines" in row, (variant, row)


@pytest.mark.parametrize("name", REGULATED)
def test_a_profile_lists_the_points_that_its_documents_leave_open(name):
    profile = profiles.load("evse-" + name)
    assert profile["open"] and undocumented.in_words(profile)
    limits = profile["proof"]["kind"] == "limit" and profile["evidence"] == "one-implementation"
    assert not limits or "off_shows" in profile["open"], "nobody documents what one shows while off that only a driver's code describes"


@pytest.mark.parametrize("shows", ["max", "last"])
def test_a_station_that_shows_state_2_and_16_a_while_disabled_charges_if_its_site_declares_it(shows):
    row = play("keba-p30", "keba 2, 16000 mA", told=shows)
    assert row["charges"] and row["neighbour"] and not row["over_ms"] and not row["said"], row


def test_without_a_current_reading_the_declaration_of_the_site_proves_no_pause():
    pair = Pair("keba-p30", "keba 2, 16000 mA", told="max")
    pair.allow(100)
    pair.run(30_000)
    assert pair.devices[0].limit_da == 100
    pair.plants[0].__class__ = type("Draws", (type(pair.plants[0]),), {"amps_da": property(lambda plant: [20, 0, 0])})  # 2 A without end
    pair.allow(0)
    pair.run(30_000)
    assert not pair.drivers[0].device.order.proven and pair.devices[0].limit_da == 0


REFUSED = [
    ("smartevse-v3-node", "its orders are not acknowledged"), ("tinkerforge-warp", "other registers show that it is off"),
    ("alphatec", "it measures no current"), ("etrel-inch", "its orders are not proven by a limit"), ("goe-charger", "other registers show"),
    ("innogy-ebox", "its currents are true only while it charges"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "why"), REFUSED)
def test_a_site_cannot_declare_it_for_a_device_without_other_proof_of_a_pause(name, why):
    with pytest.raises(Rejected, match=why) as refused:
        profiles.evse_facts(profiles.load("evse-" + name), {"max_a": 16, "off_shows": "max"})
    assert refused.value.field == "off_shows"


def changed(name, **rows):
    profile = copy.deepcopy(profiles.load("evse-" + name))
    profile["open"] = rows
    return profiles.validate(profile)


@pytest.mark.parametrize(
    ("name", "rows", "problem"),
    [
        ("keba-p30", {"off_shows": ["full"]}, 'open.off_shows.0: "full" is not allowed; use one of "0", "least", "max", "last"'),
        ("keba-p30", {"off_state": [1]}, "open.off_state: is not known here; did you mean off_states?"),
        ("keba-p30", {"off_states": {"stat": [1]}}, "open.off_states: no register 'stat'"),
        ("keba-p30", {"off_states": {"state": ["B"]}}, "open.off_states.state: 'B' is no number, as the register shows"),
        (
            "kathrein-kwb", {"off_states": {"state": [9]}},
            "open.off_states.state: 9 is no state that the table state knows; use 0 or 1 or 2 or 3 or 4 or 5",
        ),
        (
            "keba-p30", {"off_states": {"serial": [1]}},
            "open.off_states: 'serial' shows no state; use a register of the table state or a state of its proof: 'cable' or 'state'",
        ),
        ("keba-p30", {"latches": [True]}, "open.latches: watchdog.latched says it; leave one of them out"),
        ("peblar", {"latches": [True]}, "open.latches: it has no watchdog; leave it out"),
        ("peblar", {"limit_while_off": ["kept"]}, "open.limit_while_off: no write of order.pause disables it; leave it out"),
        ("keba-p30", {"acts_after_s": [0.1]}, "open.acts_after_s: 0.1 s is no more than link.latency_ms = 100"),
        ("webasto-next", {"off_shows": ["0"]}, "open.off_shows: nothing shows its limit (proof.kind is 'measured'); leave it out"),
        ("chargex-aqueduct", {"acts_after_s": [2]}, "open: only an EVSE that can be regulated has one"),
    ],
)
def test_a_mistake_in_what_is_open_is_named(name, rows, problem):
    assert changed(name, **rows) == [problem]
