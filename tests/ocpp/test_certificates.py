"""Certificates that the CSMS installs, and the station's own: what is kept, repeated, renewed (blocks A02, A03, M)."""

from station_bench import NOON_MS, Bench, names, payloads

import vectors_x509 as known
from ampacity.base.strict_json import dumps
from ampacity.base.wallclock import format_iso
from ampacity.ocpp.security.security_events import CRITICAL
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles
from ampacity.x509.encoding import pem
from ampacity.x509.software_keys import SoftwareKeys

CSMS = "CSMSRootCertificate"
DAY_MS = 86400000
END_MS = 1924992000000  # of the certificates of the vectors


def text(*ders):
    return "".join([pem("CERTIFICATE", der) for der in ders])


class Secured(Bench):
    """With security profile 3, a root and a certificate in the site file; its next key is the one of the vectors."""

    def __init__(self, files=None, **more):
        config = {"identity": "AMP-1", "serial": "S1", "url": "wss://a", "security_profile": 3, "root_pem": text(known.ROOT)}
        config["certificate_pem"] = text(known.STATION)
        config.update(more.pop("config", {}))
        super().__init__(config=config, files=files, **more)
        self.answers["SignCertificate"] = {"status": "Accepted"}

    def start(self):
        super().start()
        self.station.key_door = lambda: SoftwareKeys(DocumentStore(self.files), lambda count: bytes(range(count)))

    def ask(self, action, payload):
        """The response, when the work that it needs is done."""
        self.call(action, payload)
        message_id = "c%d" % self._requests
        for _ in range(3000):
            found = self.reply(message_id)
            if found is not None:
                return found
            self.advance_only(1)
        raise AssertionError("no answer")

    def begin(self, action, payload):
        """A request whose work is under way when this returns."""
        self._requests += 1
        self.station.receive(dumps([2, "c%d" % self._requests, action, payload]), self.now_ms)
        for _ in range(3):
            assert self.station.next(self.now_ms) == (None, self.now_ms)

    def install(self, der, kind=CSMS):
        return self.ask("InstallCertificate", {"certificateType": kind, "certificate": text(der)})["status"]

    def serials(self):
        found = self.call("GetInstalledCertificateIds", {"certificateType": [CSMS]}).get("certificateHashDataChain", [])
        return sorted([one["certificateHashData"]["serialNumber"] for one in found])

    def trigger(self):
        status = self.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})["status"]
        self.advance(3000, 1)
        return status

    def give(self, *ders):
        return self.ask("CertificateSigned", {"certificateChain": text(*ders), "certificateType": "ChargingStationCertificate"})

    def requests(self):
        return len(payloads(self.sent, "SignCertificate"))

    def block(self):
        return self.station.optional.get("certificates", self.now_ms)


def test_a_root_outlives_a_restart_and_is_trusted_together_with_those_of_the_site_file():
    bench = Secured().booted()
    assert bench.install(known.NEXT_ROOT) == bench.install(known.NEXT_ROOT) == "Accepted"  # M05.FR.17
    bench.power_cycle()
    bench.booted()
    assert bench.serials() == ["5", "abc"]
    assert bench.block().tls_facts()["root_pem"].count("BEGIN CERTIFICATE") == 2
    assert bench.get("SecurityCtrlr", "CertificateEntries") == "3"


def test_a_root_of_the_site_file_stays_deleted_until_the_site_file_names_others():
    bench = Secured().booted()
    bench.install(known.NEXT_ROOT)
    (site,) = [one["certificateHashData"] for one in bench.call("GetInstalledCertificateIds", {})["certificateHashDataChain"]
               if one["certificateHashData"]["serialNumber"] == "abc"]
    site["serialNumber"] = "ABC"
    assert bench.call("DeleteCertificate", {"certificateHashData": site})["status"] == "Accepted"
    bench.power_cycle()
    bench.booted()
    assert bench.serials() == ["5"] and bench.block().tls_facts()["root_pem"] == text(known.NEXT_ROOT)
    bench.config["root_pem"] = text(known.ROOT, known.RSA_ROOT)
    bench.power_cycle()
    bench.booted()
    assert bench.serials() == ["1267", "5", "abc"]


def test_the_number_of_certificates_is_bounded():
    roots = text(known.ROOT, known.RSA_ROOT, known.ROOT_384, known.RSA_ROOT_512, known.LONG_ROOT, known.EXPIRED_ROOT)
    bench = Secured(config={"root_pem": roots}).booted()
    assert bench.get("SecurityCtrlr", "CertificateEntries") == "7"
    assert bench.install(known.NEXT_ROOT) == "Accepted"
    answer = bench.ask("InstallCertificate", {"certificateType": "ManufacturerRootCertificate", "certificate": text(known.NEXT_ROOT)})
    assert answer["status"] == "Rejected" and answer["statusInfo"]["reasonCode"] == "TooManyElements"  # M05.FR.06
    assert bench.install(known.NEXT_ROOT) == "Accepted"


class FullFiles(MemoryFiles):
    full = False

    def replace(self, name, data):
        if self.full and "certificate" in name:
            raise OSError(28, "no space")
        super().replace(name, data)


def test_what_cannot_be_kept_is_not_installed_and_not_deleted():
    files = FullFiles()
    bench = Secured(files).booted()
    assert bench.install(known.RSA_ROOT) == "Accepted"
    before = bench.serials()
    files.full = True
    assert bench.install(known.NEXT_ROOT) == "Failed"  # M05.FR.03
    hash_data = bench.call("GetInstalledCertificateIds", {})["certificateHashDataChain"][0]["certificateHashData"]
    assert bench.call("DeleteCertificate", {"certificateHashData": hash_data})["status"] == "Failed"  # M04.FR.03
    assert bench.serials() == before
    bench.power_cycle()
    assert bench.booted().serials() == before


def test_a_request_waits_for_its_certificate_over_a_restart():
    bench = Secured().booted()
    assert bench.trigger() == "Accepted" and bench.requests() == 1
    bench.power_cycle()
    bench.booted()
    bench.advance(61000)
    assert bench.requests() == 1  # again, after CertSigningWaitMinimum
    assert bench.give(known.STATION)["status"] == "Accepted"
    assert [one[0] for one in bench.actions("credentials")] == ["credentials"]
    bench.power_cycle()
    assert "PRIVATE KEY" in bench.booted().block().tls_facts()["key_pem"]


def test_the_connection_with_a_renewed_certificate_waits_for_the_answer_to_its_security_event():
    bench = Secured().booted()
    bench.trigger()
    bench.deaf = ("SecurityEventNotification",)
    assert bench.give(known.STATION)["status"] == "Accepted"
    (event,) = payloads(bench.sent, "SecurityEventNotification")
    assert event["techInfo"] == "certificate of this station renewed"
    asked = [frame for frame in bench.raw if frame[0] == 2][-1]
    assert bench.actions("credentials") == []
    bench.station.receive(dumps([3, asked[1], {}]), bench.now_ms)
    bench.pump()
    assert bench.actions("credentials") == [("credentials",)] and bench.station.queue.count == 0
    bench.drop()
    assert payloads(bench.connect(), "SecurityEventNotification") == []


def test_the_connection_with_a_renewed_certificate_does_not_wait_for_an_answer_forever():
    bench = Secured().booted()
    bench.trigger()
    bench.deaf = ("SecurityEventNotification",)
    bench.give(known.STATION)
    bench.advance(9000)
    assert bench.actions("credentials") == []
    bench.advance(1100)
    assert bench.actions("credentials") == [("credentials",)]
    bench.advance(20000)
    assert bench.actions("credentials") == []  # once


def test_a_connection_that_is_lost_meanwhile_is_followed_by_one_with_the_renewed_certificate():
    bench = Secured().booted()
    bench.trigger()
    bench.deaf = ("SecurityEventNotification",)
    bench.give(known.STATION)
    bench.drop()
    bench.station.tick(bench.now_ms)
    assert bench.actions("credentials") == [("credentials",)]


def test_a_key_whose_request_is_rejected_is_not_kept():
    bench = Secured().booted()
    bench.answers["SignCertificate"] = {"status": "Rejected"}
    bench.trigger()
    assert bench.requests() == 1 and [name for name in bench.files.list() if "key" in name] == []


def test_chains_are_verified_up_to_a_root():
    for chain, accepted in (
        ((known.STATION,), True), ((known.STATION, known.ROOT), True), ((known.STATION_OF_SUB, known.SUB), True), ((known.STATION_OF_SUB,), False),
        ((known.STATION_BY_NEXT,), False), ((known.STATION_OF_RSA,), False), ((known.OTHER_STATION,), False), ((known.OTHER_KEY,), False),
        ((known.STATION_FOREIGN,), False), ((known.STATION_SERVER,), False), ((known.STATION_ENDED,), False), ((known.STATION_EARLY,), False),
    ):  # fmt: skip
        bench = Secured().booted()
        bench.trigger()
        assert (bench.give(*chain)["status"] == "Accepted") == accepted, chain
        kinds = [event["type"] for event in payloads(bench.sent, "SecurityEventNotification")]
        assert ("InvalidChargingStationCertificate" in kinds) != accepted, chain


def test_a_certificate_without_a_request_and_one_that_is_too_long_are_rejected():
    bench = Secured().booted()
    assert bench.give(known.STATION)["statusInfo"]["reasonCode"] == "InvalidCertificate"
    assert bench.call("CertificateSigned", {"certificateChain": "x" * 10001}) in ("PropertyConstraintViolation", "FormatViolation")


def test_A02_FR_16_and_A03_FR_16_a_chain_above_MaxCertificateChainSize_is_rejected_and_the_request_still_waits():
    bench = Secured().booted()
    bench.trigger()
    size = len(text(known.STATION))
    for size_max, status in ((size - 1, "Rejected"), (size, "Accepted")):
        bench.station.model.set_passing("SecurityCtrlr", "MaxCertificateChainSize", str(size_max))
        answer = bench.give(known.STATION)
        assert answer["status"] == status and ("statusInfo" in answer) == (status == "Rejected")
    assert "InvalidChargingStationCertificate" not in str(bench.sent)


def test_A03_FR_05_the_private_key_is_in_no_message_no_variable_and_no_log():
    bench = Secured().booted()
    bench.trigger()
    bench.give(known.STATION)
    secret = bench.block().tls_facts()["key_pem"].split("\n")[1]
    assert len(secret) > 40 and bench.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})["status"] == "Accepted"
    bench.advance(60000)
    assert len(payloads(bench.sent, "NotifyReport")) > 10
    said = dumps(bench.raw)
    for number, kind in enumerate(("DiagnosticsLog", "SecurityLog")):
        request = {"log": {"remoteLocation": "https://files.example/"}, "logType": kind, "requestId": number}
        assert bench.call("GetLog", request)["status"] in ("Accepted", "AcceptedCanceled")
        log = bench.actions("upload")[-1][1].text
        while not log.measure():
            pass
        said += str(log.read(100000), "utf-8")
    assert "certificate of this station renewed" in said and secret not in said and "PRIVATE KEY" not in said


def test_a_second_request_while_one_is_verified_is_an_error():
    bench = Secured().booted()
    bench.begin("InstallCertificate", {"certificateType": CSMS, "certificate": text(known.NEXT_ROOT)})
    assert bench.call("InstallCertificate", {"certificateType": CSMS, "certificate": text(known.RSA_ROOT)}) == "InternalError"
    bench.advance(3000, 1)
    assert bench.serials() == ["5", "abc"]


def test_what_the_csms_asked_before_the_link_broke_is_not_installed():
    bench = Secured().booted()
    bench.begin("InstallCertificate", {"certificateType": CSMS, "certificate": text(known.NEXT_ROOT)})
    bench.drop()
    bench.station.tick(bench.now_ms)
    bench.connect()
    bench.advance(3000, 1)
    assert bench.serials() == ["abc"]


def test_A03_FR_10_a_certificate_on_trial_gives_way_to_the_one_before_and_the_other_is_forgotten():
    bench = Secured().booted()
    bench.trigger()
    bench.give(known.STATION)
    signing = bench.block().signing
    shown = signing.shown()
    assert signing.use_old(True) and signing.shown() == {}  # the site file's own
    assert signing.other() and signing.shown() == shown
    signing.works(bench.now_ms)
    bench.pump()
    assert not signing.use_old(True) and signing.shown() == shown
    assert "DiscardedRenewedClientCertificate" not in str(bench.sent)
    bench.power_cycle()
    assert bench.booted().block().signing.shown() == shown


def test_A02_FR_29_and_A03_FR_25_a_new_certificate_that_does_not_work_is_discarded_and_reported():
    bench = Secured().booted()
    bench.trigger()
    bench.give(known.STATION)
    signing = bench.block().signing
    signing.use_old(True)
    signing.works(bench.now_ms)
    bench.pump()
    assert signing.shown() == {} and "DiscardedRenewedClientCertificate" in str(bench.sent)
    assert [name for name in bench.files.list() if "key" in name or "certificate_" in name] == []


def test_another_certificate_in_the_site_file_takes_the_place_of_the_signed_one():
    bench = Secured().booted()
    bench.trigger()
    bench.give(known.STATION)
    bench.config["certificate_pem"] = text(known.STATION_OF_SUB)
    bench.power_cycle()
    assert bench.booted().block().signing.shown() == {}


def test_A03_FR_02_a_certificate_is_renewed_a_month_before_it_ends():
    bench = Secured(unix_ms=END_MS - 91 * DAY_MS).booted()
    bench.block()
    for days in (2, 58):
        assert bench.requests() == 0
        bench.advance_only(days * DAY_MS)
        bench.advance(3000, 1)
    assert "ends in 89 days" in str(bench.log.since(0)) and bench.requests() == 0
    bench.advance_only(2 * DAY_MS)
    bench.advance(3000, 1)
    assert bench.requests() == 1
    sent_ms, waits_s = bench.now_ms, []
    for _ in range(1000):
        bench.advance(1000)
        if bench.requests() == len(waits_s) + 2:
            waits_s.append((bench.now_ms - sent_ms + 5000) // 10000 * 10)
            sent_ms = bench.now_ms
    assert waits_s == [60, 120, 240, 480]  # A03.FR.17, A03.FR.18
    bench.advance(7200000, 60000)
    assert bench.requests() == 5
    bench.advance_only(5 * DAY_MS)
    bench.advance(3000, 1)
    assert bench.requests() == 5  # A03.FR.19


def test_a_request_with_which_the_link_breaks_each_time_waits_an_hour_after_three_losses():
    bench = Secured().booted()
    bench.deaf = ("SignCertificate",)
    bench.trigger()

    def breaks(count):
        for _ in range(count):
            bench.drop()
            bench.connect()
            bench.advance(11000)

    breaks(10)
    assert bench.requests() == 3
    bench.advance(3600000 - 7 * 11000)
    assert bench.requests() == 4
    breaks(10)
    assert bench.requests() == 4  # the next loss waits at once
    bench.deaf, bench.answers["SignCertificate"] = (), {"status": "Rejected"}
    bench.advance(3600000)
    assert bench.requests() == 5


def test_without_a_key_door_or_an_organization_no_request_is_made():
    bench = Secured().booted()
    bench.station.key_door = None
    assert bench.trigger() == "Rejected"
    bench = Secured().booted()
    bench.set("SecurityCtrlr", "OrganizationName", "")
    assert bench.trigger() == "Rejected"


def test_a_station_whose_csms_has_installed_nothing_loads_nothing():
    for bench, count in ((Bench(), "0"), (Secured(), "2")):
        assert bench.booted().get("SecurityCtrlr", "CertificateEntries") == count
        assert bench.station.optional.find("certificates") is None
        assert count == "0" or (bench.block() and bench.get("SecurityCtrlr", "CertificateEntries") == count)


def test_A04_FR_01_the_csms_gets_each_critical_security_event_at_once():
    bench = Bench().booted()
    for kind in CRITICAL:
        bench.station.security_event(kind, "cause", bench.now_ms)
        told = payloads(bench.pump(), "SecurityEventNotification")
        assert told == [{"type": kind, "timestamp": format_iso(bench.unix_ms), "techInfo": "cause"}]
        bench.advance(7000)


def test_A04_FR_02_critical_events_are_kept_over_a_restart_others_give_room_when_the_queue_fills():
    bench = Bench(config={"identity": "AMP-1", "queue_max": 8})
    for number in range(12):
        bench.station.security_event("InvalidMessages", "n %d" % number, bench.now_ms)
    bench.station.security_event("InvalidCsmsCertificate", "expired", bench.now_ms)
    bench.power_cycle()
    bench.connect()
    kinds = [payload["type"] for payload in payloads(bench.pump() + bench.sent, "SecurityEventNotification")]
    assert kinds.count("InvalidMessages") == 6 and kinds.count("InvalidCsmsCertificate") == 1
    assert "BootNotification" in names(bench.sent) and NOON_MS
