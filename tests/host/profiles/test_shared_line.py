"""Units of one line whose limits travel in one frame that nobody answers: under the real guard and the real engine."""

import pytest
from garage import Garage

from ampacity.bus.profile.orders.shared_limits import join_shared_limits
from ampacity_host.configure import SiteErrors, load_site

HEAD = """
[site]
name = "nodes"

[[circuit]]
name = "main"
rating_a = 40.0
assumed_other_a = 8.0

[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
baud = 9600
parity = "N"
"""
NODE = """
[[evse]]
name = "node-{unit}"
kind = "smartevse-v3-node"
bus = "line"
unit = {unit}
circuit = "main"
max_a = 16.0
"""
OTHER = """
[[evse]]
name = "box"
kind = "heidelberg-energy-control"
bus = "line"
unit = {unit}
circuit = "main"
max_a = 16.0
"""


def lists(garage):
    """The lists that went out to all, in order."""
    return [list(int.from_bytes(pdu[6 + 2 * n : 8 + 2 * n], "big") for n in range(8)) for pdu in garage.heard]


@pytest.fixture
def garage(tmp_path):
    (tmp_path / "site.toml").write_text(HEAD + "".join(NODE.format(unit=unit) for unit in (2, 3, 5)))
    made = Garage(tmp_path / "site.toml")
    join_shared_limits(made.drivers)
    made.heard = []
    engine = made.buses[0][0]
    send = engine._send

    def spy(slot, request, now_us):
        if request.unit == 9:
            made.heard.append(request.pdu)
        return send(slot, request, now_us)

    engine._send = spy
    return made


def settle(garage, ms=60_000):
    garage.run(ms)
    return garage.offered_da()


def test_three_nodes_share_the_available_current_and_each_gets_its_own_word(garage):
    offered = settle(garage)
    assert garage.guard.mode == "regulating" and sum(offered) <= 320 and min(offered) >= 60
    assert lists(garage)[-1] == [0, offered[0], offered[1], 0, offered[2], 0, 0, 0]
    assert garage.worst_a <= 40.0


def test_traffic_to_any_node_feeds_the_others_and_no_timer_fires(garage):
    settle(garage)
    before, count = garage.now_ms(), len(garage.heard)
    garage.run(30_000)
    assert all(device.watchdog == "armed" and device.state == 2 for device in garage.devices)
    assert (len(garage.heard) - count) <= 3 * (garage.now_ms() - before) / 2750 + 3


def test_a_silent_node_gets_no_order_above_its_reserve_and_falls_to_zero(garage):
    settle(garage)
    garage.deaf.add(garage.devices[1])
    garage.run(40_000)
    assert lists(garage)[-1][2] == 0
    assert garage.devices[1].limit_da == 0 and max(garage.guard.bound_da(1)) == 0
    offered = garage.offered_da()
    assert offered[0] == offered[2] == 160
    garage.deaf.clear()
    garage.run(60_000)
    assert garage.guard.state(1) == "ok" and garage.offered_da()[1] >= 60


def test_without_permission_of_the_loop_no_node_is_fed(garage):
    settle(garage)
    garage._tick = lambda: None  # the safety loop hangs
    garage.run(20_000)
    assert garage.offered_da() == [0, 0, 0]


def test_a_lower_is_sent_at_once_and_frees_current_after_its_proof(garage):
    settle(garage)
    garage.guard.limit("test", ("evse", 0), [0, 0, 0], None, "hold")
    garage.run(1500)
    assert lists(garage)[-1][1] == 0 and garage.devices[0].limit_da == 0


def test_a_node_that_requests_a_start_is_answered_only_while_permitted(garage):
    garage.guard.limit("test", ("evse", 0), [0, 0, 0], None, "hold")
    settle(garage)
    assert garage.devices[0].state == 4  # it asks for B, and waits
    garage.guard.limit("test", ("evse", 0), None, None, "hold")
    garage.run(80_000)
    assert garage.devices[0].state == 2 and garage.offered_da()[0] >= 60


def test_during_a_fail_safe_test_no_frame_feeds_the_node(garage):
    settle(garage)
    garage.drivers[0].set_traffic(2, garage.now_ms())
    count = len(garage.heard)
    garage.run(15_000)
    assert len(garage.heard) == count and garage.devices[0].limit_da == 0
    garage.drivers[0].set_traffic(0, garage.now_ms())
    garage.run(90_000)
    assert all(device.limit_da for device in garage.devices)


def test_no_other_device_may_have_the_broadcast_unit(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(HEAD + NODE.format(unit=2) + OTHER.format(unit=9))
    with pytest.raises(SiteErrors) as refused:
        load_site(path)
    text = str(refused.value)
    assert "unit" in text and "9" in text and "node-2" in text
