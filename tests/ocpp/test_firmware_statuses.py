"""The statuses of an update reach the CSMS in their order, whatever becomes of the link and the power (L01.FR.01, L01.FR.10)."""

from station_bench import Bench, payloads

from ampacity.ocpp.exchange import LOSSES_MAX
from ampacity.ocpp.firmware.kept_order import kept_order
from ampacity.ocpp.firmware.order import AGAIN_MS, UNSENT_MAX, FirmwareOrder

ORDER = {"requestId": 7, "firmware": {"location": "http://h/x", "retrieveDateTime": "2026-01-01T00:00:00Z"}}


def ordered():
    bench = Bench().booted()
    order = FirmwareOrder(bench.station, None)
    order.begin(ORDER, "", 0, None)
    return bench, order


def told(bench, order):
    """The statuses that leave now, with every answer."""
    order.post(bench.now_ms)
    return [p["status"] for p in payloads(bench.pump(), "FirmwareStatusNotification")]


def kept(bench):
    """The statuses that a restart would find."""
    return [status for _, status in kept_order(bench.station.documents)["unsent"]]


def test_a_status_is_forgotten_when_it_is_answered_and_not_before():
    bench, order = ordered()
    bench.deaf = ("FirmwareStatusNotification",)
    order.report("Downloading")
    order.report("Downloaded")
    assert told(bench, order) == ["Downloading"] and kept(bench) == ["Downloading", "Downloaded"] and not order.sent()
    bench.power_cycle()
    bench.deaf = ()
    bench.booted()
    order = FirmwareOrder(bench.station, kept_order(bench.station.documents))
    assert told(bench, order) == ["Downloading", "Downloaded"] and kept(bench) == [] and order.sent()


def test_a_status_that_was_lost_with_the_link_leaves_again():
    bench, order = ordered()
    bench.deaf = ("FirmwareStatusNotification",)
    order.report("Downloading")
    assert told(bench, order) == ["Downloading"]
    bench.drop()
    order.report("Downloaded")
    assert told(bench, order) == []
    bench.deaf = ()
    bench.connect()
    assert told(bench, order) == ["Downloading", "Downloaded"] and told(bench, order) == []


def test_a_status_with_which_the_link_always_breaks_is_given_up():
    bench, order = ordered()
    bench.deaf = ("FirmwareStatusNotification",)
    order.report("Downloading")
    order.report("Downloaded")
    for _ in range(LOSSES_MAX):
        assert told(bench, order) == ["Downloading"]
        bench.drop()
        bench.connect()
    assert told(bench, order) == ["Downloaded"]


def test_a_status_that_the_csms_does_not_answer_holds_back_no_other():
    bench, order = ordered()
    bench.deaf = ("FirmwareStatusNotification",)
    order.report("Downloading")
    order.report("Downloaded")
    assert told(bench, order) == ["Downloading"]
    bench.deaf = ()
    bench.advance(AGAIN_MS)
    assert [p["status"] for p in payloads(bench.sent, "FirmwareStatusNotification")] == ["Downloading", "Downloaded"]
    assert kept(bench) == []


def test_statuses_that_wait_are_bounded_and_the_latest_stay():
    bench, order = ordered()
    bench.drop()
    for i in range(3 * UNSENT_MAX):
        order.report("Downloading" if i % 2 else "DownloadPaused")
    assert len(kept(bench)) <= UNSENT_MAX + 1
    bench.connect()
    assert told(bench, order)[-1] == "Downloading"
