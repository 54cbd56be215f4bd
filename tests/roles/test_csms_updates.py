"""Updates that the CSMS orders (L01, L02): what it is answered, what it hears of them, what runs in the end."""

import asyncio

from helper_damage import PRIMARY
from helper_garage import site
from helper_ordered import OCPP, FileServer, OrderedGarage, Restarting, head, nothing, outcome, say, whole
from helper_signed_configuration import brought, signed
from helper_updates import Root, release

from ampacity.base import strict_json
from ampacity.base.document_shape import WrongShape, check_shape
from ampacity.ocpp.firmware.kept_order import ENDS
from ampacity.roles.storage.document_shapes import primary_shape
from ampacity.roles.updates.csms_updates import INSTALLING, LOADING, READY_TO_INSTALL, WAITING
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles
from check import raises
from update.helper_bundle import NEXT_RELEASE, RELEASE, STRANGER, key_list

LOADED = ["Downloading", "Downloaded", "SignatureVerified"]
ROOT_PEM = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
INSTALLED = LOADED + ["Installing", "InstallRebooting", "Installed"]


async def test_a_good_bundle_is_downloaded_tried_and_installed_when_the_new_version_is_confirmed():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            assert garage.trigger() == [(None, "Idle")]
            assert garage.order(7, server.url) == "Accepted"
            assert await garage.reaches(7, "InstallRebooting") == INSTALLED[:-1]
            assert garage.trigger() == [(7, "InstallRebooting")]
            await garage.reaches(7, "Installed")
            assert [each for _, each in garage.statuses if each != "Idle"][:-1] == INSTALLED[:-1] + ["InstallRebooting"]
            assert garage.runs == "2.0" and garage.show()["result"] == "confirmed: 2.0"
            assert "FirmwareUpdated" in garage.events and garage.trigger() == [(None, "Idle")]
            reasons = [payload["reason"] for name, payload in garage.csms.got if name == "BootNotification"]
            assert reasons == ["PowerUp", "FirmwareUpdate"], reasons
            assert len(server.asked) == 1


async def test_a_kept_order_with_an_unknown_status_is_damaged_and_the_next_one_is_installed():
    kept = PRIMARY["ocpp_firmware"]
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            for value, field in ((dict(kept, status="Lost"), "status"), (dict(kept, unsent=[[7, "Lost"]]), "unsent[0][1]")):
                DocumentStore(garage.files).put("ocpp_firmware", value)
                garage.start()
                await garage.passes(3)
                assert [line[3] for line in garage.log.since(0) if "document ocpp_firmware is damaged: %s" % field in line[3]], field
                assert garage.trigger() == [(None, "Idle")]
            assert garage.order(7, server.url) == "Accepted"
            assert await garage.reaches(7, "Installed") == INSTALLED


def test_each_status_of_an_order_can_be_kept():
    kept, shape = PRIMARY["ocpp_firmware"], primary_shape("ocpp_firmware")
    for status in ("",) + WAITING + LOADING + READY_TO_INSTALL + INSTALLING + ENDS:
        check_shape(dict(kept, status=status, unsent=[[7, status]] if status else []), shape)
    for status in ("Idle", "Lost", None):
        with raises(WrongShape):
            check_shape(dict(kept, status=status), shape)


async def test_TC_F_19_CS_the_status_of_a_download_is_triggered():
    async def half(server, request, writer):
        await say(writer, head(0, len(server.data)) + server.data[: len(server.data) // 2])
        while not server.goes_on:
            await asyncio.sleep(0.01)
        await say(writer, server.data[len(server.data) // 2 :])

    with Root() as root:
        async with FileServer(half, release(2, None, STRANGER)) as server:
            server.goes_on = False
            garage = OrderedGarage(root)
            await garage.passes(3)
            assert garage.order(7, server.url, retrieve_s=-7200) == "Accepted"
            assert await garage.reaches(7, "Downloading") == ["Downloading"]
            assert garage.trigger() == [(7, "Downloading")] and garage.statuses == [(7, "Downloading")] * 2
            server.goes_on = True
            await garage.reaches(7, "InvalidSignature")  # so that no update is left for the next case
            assert garage.runs == "1.0"


async def test_what_is_not_for_this_controller_is_refused_with_its_status_and_event():
    for data, status, event in (
        (release(2, None, STRANGER, RELEASE.kid), "InvalidSignature", "InvalidFirmwareSignature"),
        (release(2, None, STRANGER), "InvalidSignature", "InvalidFirmwareSigningCertificate"),
        (release(2, {4: ["board-c"]}), "InstallVerificationFailed", None),
        (release(2)[:-9] + b"\0" * 9, "InstallVerificationFailed", None),
        (b"x" * 400, "InstallVerificationFailed", None),
    ):
        statuses, events, runs, asked = await outcome(whole, data, status)
        assert statuses == ["Downloading", status] and runs == "1.0" and len(asked) == 1, statuses
        assert event is None or event in events, events


async def test_a_downgrade_below_the_floor_is_refused():
    with Root() as root:
        async with FileServer(whole, release(3)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            for number, sequence, status in ((1, 3, "Installed"), (2, 1, "InstallVerificationFailed")):
                server.data = release(sequence)
                assert garage.order(number, server.url) == "Accepted"
                await garage.reaches(number, status)
            assert garage.runs == "3.0" and "downgrade" in garage.show()["csms"]["why"]


async def test_a_signed_configuration_is_downloaded_tried_and_installed_when_it_is_confirmed():
    with Root() as root:
        facts = site(ocpp=OCPP)
        facts["evses"][1]["limit_da"] = 100
        async with FileServer(whole, signed(facts)) as server:
            garage = Restarting(root)
            garage.data_files = garage.platform.data_files = MemoryFiles()
            garage.data_files.replace("site.json", strict_json.dumps(site(ocpp=OCPP)).encode())
            brought(garage.platform.files, garage.data_files)
            await garage.passes(3)
            assert garage.order(7, server.url) == "Accepted"
            assert await garage.reaches(7, "Installed") == INSTALLED
            assert garage.facts["evses"][1]["limit_da"] == 100 and garage.runs == "1.0"
            server.data = signed(facts, 1, signer=RELEASE)
            assert garage.order(8, server.url) == "Accepted"
            await garage.reaches(8, "InvalidSignature")
            server.data = signed({"role": "secondary"}, 3)
            assert garage.order(9, server.url) == "Accepted"
            await garage.reaches(9, "InstallVerificationFailed")


async def test_a_broken_connection_is_continued_where_it_ended():
    async def breaking(server, request, writer):
        start = server.start_of(request)
        size = len(server.data)
        await say(writer, head(start, size) + server.data[start : start + (9000 if len(server.asked) < 3 else size)])

    data = release(2, size=25000)
    statuses, _, runs, asked = await outcome(breaking, data, "Installed", retryInterval=2, retries=5)
    assert statuses == ["Downloading", "DownloadPaused"] * 2 + INSTALLED and runs == "2.0"
    starts = [int(each.split("bytes=")[1].split("-")[0]) for each in asked[1:]]
    assert len(asked) == 3 and 4096 <= starts[0] <= 9000 and starts[0] < starts[1] <= 18000, starts
    assert 'If-Range: "1"' in asked[1]


async def test_a_server_that_brings_no_file_fails_after_all_attempts():
    async def endless(server, request, writer):
        await say(writer, b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            await say(writer, b"x" * 1000)

    async def unbounded(server, request, writer):
        await say(writer, b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await say(writer, b"x" * 1000)

    async def circle(server, request, writer):
        await say(writer, b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n")

    for script, retries, requests in ((nothing("404 Not Found"), 2, 3), (endless, 0, 1), (unbounded, 0, 1), (circle, 0, 4)):
        statuses, _, runs, asked = await outcome(script, b"", "DownloadFailed", retries=retries, retryInterval=1)
        assert statuses == ["Downloading", "DownloadFailed"] and runs == "1.0" and len(asked) == requests, (statuses, asked)


async def test_a_redirection_from_http_to_https_is_fetched_with_tls_or_not_at_all():
    async def elsewhere(server, request, writer):
        await say(writer, b"HTTP/1.1 302 Found\r\nLocation: https" + server.other[4:].encode() + b"\r\n\r\n")

    class Connecting(OrderedGarage):
        hops = []

        def start(self, **boot):
            super().start(**boot)
            self.platform.connect = self.connect
            self.platform.client_tls = lambda credentials: credentials
            return self

        async def connect(self, host, port, *tls):
            self.hops.append(tls)
            return await asyncio.open_connection(host, port)

    for root_pem, status in ((ROOT_PEM, "Installed"), (None, "DownloadFailed")):
        with Root() as root:
            async with FileServer(whole, release(2)) as secure, FileServer(elsewhere) as plain:
                plain.other = secure.url
                garage = Connecting(root, site(ocpp=dict(OCPP, root_pem=root_pem) if root_pem else OCPP))
                garage.hops = []
                await garage.passes(3)
                assert garage.order(7, plain.url, retries=0) == "Accepted"
                await garage.reaches(7, status)
                hops = garage.hops
                assert hops[0] == () and len(plain.asked) == 1, hops
                if root_pem:
                    assert len(hops) == 2 and hops[1][0].roots == [b"0\0"] and hops[1][1] == "127.0.0.1", hops
                else:
                    assert len(hops) == 1 and "root_pem" in garage.show()["csms"]["why"], hops


async def test_no_log_and_no_answer_shows_user_password_or_query_of_an_address():
    async def elsewhere(server, request, writer):
        await say(writer, b"HTTP/1.1 302 Found\r\nLocation: ftp://user:SECRET@files.example/x?token=SECRET\r\n\r\n")

    with Root() as root:
        async with FileServer(elsewhere) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            garage.order(7, server.url, retries=1)
            await garage.reaches(7, "DownloadFailed")
            shown = [garage.show()["csms"]["why"]]
            assert "ftp://***@files.example/x" in shown[0], shown
            garage.order(8, server.url, retrieve_s=500)
            for number, url in ((9, "http://h/a b?token=SECRET"), (10, "http://user:SECRET@h/x"), (11, "http://h:x?SECRET")):
                garage.order(number, url)
                shown += [garage.show()["csms"]["why"], str(garage.answer)]
            garage.order(12, "http://h/a b?token=SECRET")
            shown += [str(garage.answer)] + [str(line) for line in garage.log.since(0)]
            assert len(shown) > 12 and [each for each in shown if "SECRET" in each] == []


async def test_attempts_without_an_interval_or_an_end_have_both():
    with Root() as root:
        async with FileServer(nothing("404 Not Found")) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            garage.order(7, server.url, retries=2**31 - 1, retryInterval=0)
            await garage.passes(60)
            assert 5 <= len(server.asked) <= 7, len(server.asked)
            assert "100 attempts left" in "".join([str(line) for line in garage.log.since(0)])


async def test_a_signer_that_is_revoked_while_its_order_waits_installs_nothing():
    data = release(2)
    for retrieve_s, install_s, waits, status in (
        (60, None, "DownloadScheduled", "InvalidSignature"), (-10, 120, "InstallScheduled", "InstallVerificationFailed"),
    ):
        with Root() as root:
            async with FileServer(whole, data) as server:
                garage = OrderedGarage(root)
                await garage.passes(3)
                assert garage.order_signed(7, server.url, data, retrieve_s, install_s) == "Accepted"
                await garage.reaches(7, waits)
                garage.push(key_list(2, ((RELEASE, 1, "release"), (NEXT_RELEASE, 1, "next")), (STRANGER,)))
                await garage.reaches(7, status)
                await garage.passes(200)
                assert garage.runs == "1.0" and "InvalidFirmwareSigningCertificate" in garage.events
                assert len(server.asked) == (0 if retrieve_s > 0 else 1)


async def test_a_body_longer_than_its_manifest_says_is_refused():
    async def longer(server, request, writer):
        await say(writer, head(0, 10**6) + server.data)
        while True:
            await say(writer, b"x" * 1000)

    statuses, _, runs, _ = await outcome(longer, release(2), "InstallVerificationFailed")
    assert statuses == ["Downloading", "InstallVerificationFailed"] and runs == "1.0"


async def test_a_server_that_only_drips_is_given_up():
    async def dripping(server, request, writer):
        await say(writer, head(0, len(server.data)))
        for byte in server.data:
            await say(writer, bytes((byte,)))
            await asyncio.sleep(0.01)

    statuses, _, runs, asked = await outcome(dripping, release(2), "DownloadFailed", retries=0)
    assert statuses == ["Downloading", "DownloadFailed"] and runs == "1.0"


async def test_times_of_the_order_are_kept_over_a_restart():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            garage.order(9, server.url, retrieve_s=120, install_s=300)
            await garage.passes(30)
            assert garage.statuses == [(9, "DownloadScheduled")] and not server.asked
            garage.start()
            await garage.passes(60)
            assert garage.statuses == [(9, "DownloadScheduled")] and not server.asked
            assert await garage.reaches(9, "InstallScheduled", 60) == ["DownloadScheduled"] + LOADED + ["InstallScheduled"]
            garage.start()
            await garage.passes(70)
            assert garage.runs == "1.0" and garage.trigger() == [(9, "InstallScheduled")]
            await garage.reaches(9, "Installed")
            assert garage.runs == "2.0"


async def test_a_trial_that_fails_is_an_installation_that_failed():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            garage.order(3, server.url)
            await garage.reaches(3, "InstallRebooting")
            garage.cut = True
            assert (await garage.reaches(3, "InstallationFailed", 1200))[-1] == "InstallationFailed"
            assert garage.runs == "1.0" and garage.trigger() == [(3, "InstallationFailed")]


async def test_a_new_order_replaces_one_that_waits_and_its_bundle_is_not_tried():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            garage.order(1, server.url, retrieve_s=500)
            assert garage.order(2, server.url, install_s=500) == "AcceptedCanceled"
            await garage.reaches(2, "InstallScheduled")
            assert garage.order(3, "http://127.0.0.1:1/none", retries=0) == "AcceptedCanceled"
            await garage.reaches(3, "DownloadFailed")
            assert garage.statuses[:1] == [(1, "DownloadFailed")] and (2, "InstallationFailed") in garage.statuses
            await garage.passes(600)
            assert garage.runs == "1.0"
            assert garage.order(4, "ftp://files.example/x") == "Rejected" and garage.answer["statusInfo"]["reasonCode"] == "InvalidURL"


async def test_a_version_on_trial_is_not_replaced():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            garage.order(1, server.url)
            await garage.reaches(1, "InstallRebooting")
            await garage.passes(40)
            assert garage.show()["trial"]
            assert garage.order(2, server.url) == "Rejected" and garage.answer["statusInfo"]["reasonCode"] == "FwUpdateInProgress"
            await garage.reaches(1, "Installed")


async def test_a_certificate_or_signature_that_cannot_be_checked_is_refused():
    with Root() as root:
        garage = OrderedGarage(root)
        garage.platform.client_tls = lambda files: files
        await garage.passes(3)
        assert garage.order(1, "http://127.0.0.1:1/x", signingCertificate="-----BEGIN CERTIFICATE-----", signature="x") == "InvalidCertificate"
        await garage.passes(3)
        assert "InvalidFirmwareSigningCertificate" in garage.events
        assert garage.order(2, "http://127.0.0.1:1/x", signature="x") == "Rejected"
        assert garage.order(3, "https://127.0.0.1:1/x") == "Rejected" and "root_pem" in garage.answer["statusInfo"]["additionalInfo"]
        await garage.passes(60)
        assert garage.statuses == [] and garage.trigger() == [(None, "Idle")]


async def charging(garage):
    """A car charges at EVSE 2."""
    garage.unit.port.car = "C"
    await garage.passes(10)
    garage.primary.upstream.token(1, "ABC123", "ISO14443", garage.now_us // 1000)
    await garage.passes(10)
    assert garage.primary.upstream.transaction(1)


async def test_new_transactions_may_begin_before_the_restart_where_the_csms_allows_it():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await charging(garage)
            garage.primary.upstream.variable("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate", "true", garage.now_us // 1000)
            garage.order(5, server.url)
            await garage.reaches(5, "InstallScheduled")
            await garage.passes(120)
            assert garage.connectors() == {1: "Available", 2: "Occupied"} and garage.runs == "1.0"


async def test_transactions_end_before_the_restart_and_no_new_one_begins():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await charging(garage)
            assert garage.connectors() == {1: "Available", 2: "Occupied"}
            garage.order(5, server.url)
            await garage.reaches(5, "InstallScheduled")
            await garage.passes(120)
            assert garage.connectors() == {1: "Unavailable", 2: "Occupied"} and garage.runs == "1.0"
            assert "evse-2" in garage.show()["csms"]["why"]
            garage.unit.port.car = "A"
            await garage.reaches(5, "Installed")
            assert garage.runs == "2.0"
            await garage.passes(5)
            assert garage.connectors() == {1: "Available", 2: "Available"}


async def test_a_key_list_comes_the_same_way_and_needs_no_restart():
    data = key_list(2, ((NEXT_RELEASE, 1, "next"),), (RELEASE,))
    statuses, _, runs, _ = await outcome(whole, data, "Installed")
    assert statuses == LOADED + ["Installing", "Installed"] and runs == "1.0"


async def test_an_order_that_was_kept_with_a_key_that_is_none_is_not_installed():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await garage.passes(3)
            number = 0
            for key in ("", "0", "zz", "04" + "11" * 64, "3003020103"):
                number += 1
                garage.order(number, server.url, retrieve_s=30)
                kept = garage.primary.documents.get("ocpp_firmware")
                kept["key"] = key
                garage.primary.documents.put("ocpp_firmware", kept)
                garage.start()
                await garage.reaches(number, "InvalidSignature")
            assert server.asked == [] and garage.runs == "1.0"


async def test_a_controller_without_slots_refuses():
    from helper_csms import OCPP
    from helper_garage import Garage, site

    garage = Garage(site(ocpp=OCPP))
    from ampacity.ocpp.firmware.handlers import update_firmware

    firmware = {"location": "http://h/x", "retrieveDateTime": "2026-01-01T00:00:00Z"}
    answer = update_firmware(garage.primary.upstream.station, {"requestId": 1, "firmware": firmware}, "1", 0)
    assert answer["status"] == "Rejected" and answer["statusInfo"]["reasonCode"] == "UnsupportedRequest"


async def test_an_evse_that_is_lost_with_its_transaction_delays_an_update_for_15_minutes_and_no_longer():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await charging(garage)
            garage.order(5, server.url)
            await garage.reaches(5, "InstallScheduled")
            garage.cut = True
            await garage.passes(860)
            assert garage.runs == "1.0" and garage.connectors()[1] == "Unavailable"
            assert garage.show()["csms"]["why"] == "evse evse-2 charged and does not answer: awaited for 1 min more", garage.show()
            assert await garage.passes(120, lambda: (5, "InstallRebooting") in garage.statuses), (garage.statuses, garage.show())
            garage.cut = False
            await garage.reaches(5, "Installed")
            await garage.passes(5)
            assert garage.runs == "2.0" and garage.connectors()[1] == "Available"
            assert garage.primary.upstream.transaction(1), "what the restart found still runs"


async def test_an_evse_that_answers_again_with_its_car_charging_is_awaited_as_before():
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = OrderedGarage(root)
            await charging(garage)
            garage.order(5, server.url)
            await garage.reaches(5, "InstallScheduled")
            garage.cut = True
            await garage.passes(600)
            garage.cut = False
            await garage.passes(30)
            assert garage.show()["csms"]["why"] == "evse evse-2 charges" and "not_awaited" not in garage.show()
            garage.start()
            garage.cut = True
            await garage.passes(600)
            assert garage.runs == "1.0" and "evse-2" in garage.show()["csms"]["why"], "a start begins the time again"
