"""A wall box without a watchdog, on the virtual clock: 31 minutes of silence, and what the ledger counts with afterwards."""

from wired_site import SITE, Desk, Installer, plug, yard

from ampacity_host.commission.guide import Guide

ALONE = SITE[: SITE.index('[[evse]]\nname = "evse-1"')] + SITE[SITE.index('[[evse]]\nname = "evse-3"') : SITE.index('[[evse]]\nname = "evse-4"')]
MUTE = ALONE.replace('name = "evse-3"\nkind = "heidelberg-energy-control"', 'name = "evse-3"\nkind = "kse-wbx"\npower_on_a = 0.0')
ASKS = "evse-3: it has no watchdog (class N) and no evidence that it keeps its last order: its reserve is its maximum, 16.0 A"


def test_a_device_seen_to_keep_its_order_counts_so_whatever_was_skipped(tmp_path):
    bench = yard(tmp_path, MUTE)
    bench.start()
    plug(bench, "evse-3")
    bench.run_ms(30_000)
    assert bench.view()["evses"]["evse-3"]["reserve_a"] == 16.0
    left_out = {("evse-3", step): "skip" for step in ("identity", "steps", "power-on")}
    desk, person, told = Desk(bench), Installer(bench, left_out), []
    person.screen.progress = told.append
    began_ms = bench.time.now_ms
    Guide(desk, person, person.screen, desk.sleep).run(["evse-3"])
    assert 31 * 60_000 < bench.time.now_ms - began_ms < 34 * 60_000
    assert any(ASKS in line for line in person.said)
    kept = "evse-3 kept its order of 9.0 A for 31 min without communication: from now on this order counts during a loss of communication"
    assert "ok   evse-3 silence: " + kept in person.said
    assert any("silent for 30:" in line and "of 31:00 min" in line for line in told)
    assert bench.view()["evses"]["evse-3"]["reserve_a"] == 0.0
    bench.fault_injector.set("cut", "evse-3", True, {})
    bench.run_ms(120_000)
    assert max(bench.view()["evses"]["evse-3"]["bound_a"]) == 16.0 and not bench.view()["evses"]["evse-3"]["online"]
    bench.close()
