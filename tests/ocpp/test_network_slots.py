"""Network profiles that a CSMS sets, and their order (B09, B10.FR.01, FR.02, A05; errata of 2025-09)."""

from station_bench import Bench, names, payloads

from ampacity.store.memory_files import MemoryFiles
from ampacity.x509.encoding import pem
from vectors_x509 import ROOT

DATA = {
    "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "ws://10.0.0.1/x", "messageTimeout": 30,
    "securityProfile": 1, "ocppInterface": "Wired0",
}  # fmt: skip


def put(bench, slot=2, **changes):
    """The answer: status, and the reason of a refusal."""
    answer = bench.call("SetNetworkProfile", {"configurationSlot": slot, "connectionData": dict(DATA, **changes)})
    return answer["status"], (answer.get("statusInfo") or {}).get("reasonCode")


def test_B09_FR_01_and_06_a_profile_in_each_of_two_slots_is_kept():
    bench = Bench().booted()
    assert put(bench) == put(bench, 1, ocppCsmsUrl="ws://10.0.0.2/y") == ("Accepted", None)
    assert bench.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1") == "Accepted"  # B10.FR.01
    bench.power_cycle()
    assert [(one["slot"], one["url"]) for one in bench.station.network_slots.ordered()] == [(2, "ws://10.0.0.1/x"), (1, "ws://10.0.0.2/y")]


def test_B09_FR_02_an_invalid_profile_is_rejected_and_changes_nothing():
    bench = Bench().booted()
    for changes in ({"ocppTransport": "SOAP"}, {"ocppVersion": "OCPP16"}, {"messageTimeout": 0}, {"ocppCsmsUrl": "http://10.0.0.1"},
                    {"securityProfile": 4}, {"securityProfile": 2}, {"securityProfile": 1, "ocppCsmsUrl": "wss://10.0.0.1/x"},
                    {"vpn": {"server": "a", "user": "b", "password": "c", "key": "d", "type": "PPTP"}}):  # fmt: skip
        assert put(bench, **changes) == ("Rejected", "InvalidNetworkConf"), changes
    assert bench.station.network_slots.usable() == ["1"]


def test_a_url_that_no_connection_could_be_tried_with_is_rejected():
    bench = Bench().booted()
    for url in ("WS://h/x", "ws://", "ws://:80/x", "ws://h:0/x", "ws://h:99999/x", "ws://[::1/x", "ws://a b/x", "ws://h/\r\nX: y", "ws://u:p@h/x", "ws://h/#x"):
        assert put(bench, ocppCsmsUrl=url) == ("Rejected", "InvalidNetworkConf"), url
    assert put(bench, ocppCsmsUrl="ws://[::1]:9000/x?a=b") == ("Accepted", None)


class FullFiles(MemoryFiles):
    full = False

    def replace(self, name, data):
        if self.full and "network" in name:
            raise OSError(28, "no space")
        super().replace(name, data)


def test_B09_FR_03_a_profile_that_cannot_be_kept_is_answered_with_Failed():
    files = FullFiles()
    bench = Bench(files=files).booted()
    files.full = True
    assert put(bench) == ("Failed", None)


def test_B09_FR_04_and_31_a_lower_security_profile_than_the_one_in_use_is_rejected():
    bench = Bench(config={"identity": "AMP-1", "security_profile": 1}).booted()
    for in_use, wanted in ((1, 0), (2, 1), (3, 1), (3, 2)):
        bench.station.config["security_profile"] = in_use
        assert put(bench, securityProfile=wanted) == ("Rejected", "NoSecurityDowngrade"), (in_use, wanted)
    assert put(bench, securityProfile=3, ocppCsmsUrl="wss://10.0.0.1/x") == ("Accepted", None)


def test_B09_FR_05_a_slot_that_is_not_there_is_rejected():
    bench = Bench().booted()
    for slot in (0, 3, 999):
        assert put(bench, slot) == ("Rejected", "InvalidConfSlot"), slot


def test_B10_FR_02_and_A05_FR_10_only_slots_that_may_be_used_become_the_priority():
    root = {"root_pem": pem("CERTIFICATE", ROOT)}
    bench = Bench(config=dict({"identity": "AMP-1", "url": "ws://a", "security_profile": 1}, **root)).booted()
    for text in ("2", "1,2", "3", "", "1,1"):
        assert bench.set("OCPPCommCtrlr", "NetworkConfigurationPriority", text) == "Rejected", text
    assert put(bench, securityProfile=2, ocppCsmsUrl="wss://10.0.0.1/x") == ("Accepted", None)
    assert bench.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1") == "Accepted"  # A05.FR.04
    bench.station.config["security_profile"] = 2  # it is in use
    assert bench.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1") == "Rejected"
    assert bench.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2") == "Accepted"


def moved(bench, down_ms=1000):
    """The link breaks, and comes back with another CSMS."""
    bench.drop()
    bench.advance_only(down_ms)
    bench.station.change_csms(bench.now_ms)
    bench.sent = []
    return bench


def test_B10_FR_10_another_csms_receives_a_boot_and_the_status_of_every_connector():
    bench = moved(Bench().booted())
    assert not bench.station.accepted()
    sent = bench.connect()
    assert names(sent) == ["BootNotification", "StatusNotification", "StatusNotification"] and sent[0][1]["reason"] == "Unknown"


def test_a_station_that_no_csms_has_accepted_yet_keeps_the_reason_of_its_start():
    bench = Bench(config={"identity": "AMP-1", "reason": "Watchdog"})
    bench.answers["BootNotification"] = {"currentTime": "2026-11-20T12:00:00Z", "interval": 30, "status": "Rejected"}
    bench.connect()
    assert moved(bench).connect()[0][1]["reason"] == "Watchdog"


def test_B01_FR_08_nothing_but_the_boot_is_sent_until_it_is_answered():
    bench = Bench().booted()
    bench.charging()
    moved(bench).silent = True
    assert names(bench.connect()) == ["BootNotification"]
    assert bench.call("TriggerMessage", {"requestedMessage": "StatusNotification"})["status"] == "Accepted"
    assert set(names(bench.advance(300000))) == {"BootNotification"}


def test_what_the_former_csms_asked_for_is_not_sent_to_another():
    bench = Bench().booted()
    bench.silent = True
    bench.call("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    moved(bench).silent = False
    assert "NotifyReport" not in names(bench.connect())
    assert bench.call("GetBaseReport", {"requestId": 10, "reportBase": "SummaryInventory"})["status"] == "Accepted"
    assert {p["requestId"] for p in payloads(bench.sent, "NotifyReport")} == {10}


def test_nothing_of_a_transaction_is_lost_on_the_way_to_another_csms():
    bench = Bench().booted()
    bench.deaf = ("TransactionEvent",)
    bench.charging()
    bench.unplug()
    kept = bench.station.queue.count
    assert kept >= 3
    moved(bench).deaf = ()
    events = payloads(bench.connect(), "TransactionEvent")
    assert [event["seqNo"] for event in events] == list(range(kept)) and bench.station.queue.count == 0


def test_a_boot_is_not_sent_before_the_time_that_this_csms_named():
    bench = Bench().booted()
    bench.drop()
    bench.station.change_csms(bench.now_ms + 40000)
    assert names(bench.connect()) == [] and names(bench.advance(39000)) == []
    assert names(bench.advance(1000))[0] == "BootNotification"
