"""Part 6, L: firmware that the CSMS orders, with certificate and signature of a manufacturer made by `cryptography`, over an independent server."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from firmware_updates import DONE, GOOD, LOADED, SIGNING, WRONG, Manufacturer, release, updates
from ocpp.v201 import call

from certificate_authority import StationAuthority
from update.helper_bundle import NEXT_RELEASE, RELEASE, STRANGER, key_list

EVENT = "InvalidFirmwareSigningCertificate"
FORGED = ["Downloading", "Downloaded", "InvalidSignature"]
ALLOW = "ChargingStation.AllowNewSessionsPendingFirmwareUpdate"
UNPACKED = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
NO_SIGNING = (x509.KeyUsage(False, False, True, False, False, False, False, False, False), True)


async def is_installed(talk, number, before=(), between=()):
    """The order is installed, reported by the new firmware, with its event (L01.FR.28, L01.FR.31, L01.FR.32), and every connector is available
    again."""
    assert await talk.reaches(number, "Installed") == [*before, *LOADED, *between, *DONE]
    assert talk.boots() == ["FirmwareUpdate"] and talk.station.runs() == "2.0"
    await talk.until(lambda: "FirmwareUpdated" in talk.events(), 60)
    assert set(talk.connectors().values()) == {"Available"}


@pytest.mark.parametrize("kind", ["ec", "rsa"])
async def test_TC_L_01_CS_a_signed_update_is_installed(kind):
    maker = Manufacturer(kind)
    async with updates(maker) as talk:
        assert await talk.order(7, maker) == "Accepted"
        await is_installed(talk, 7)
        names = [name for name, _ in talk.csms.heard]
        shown = [p["connector_status"] for name, p in talk.csms.heard[: names.index("BootNotification")] if name == "StatusNotification"]
        assert "Available" not in shown[shown.index("Unavailable") :]  # before the restart nothing is offered again


async def test_TC_L_02_CS_the_installation_is_scheduled():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(7, maker, install_s=300) == "Accepted"
        assert await talk.reaches(7, "InstallScheduled") == [*LOADED, "InstallScheduled"]
        due_ms = talk.unix_ms + 200000
        await talk.advance(200000)
        assert talk.reached() == [*LOADED, "InstallScheduled"] and talk.station.runs() == "1.0"
        assert set(talk.connectors().values()) == {"Available"}
        await talk.reaches(7, "Installing")
        assert talk.unix_ms > due_ms
        await is_installed(talk, 7, between=["InstallScheduled"])


async def test_TC_L_03_CS_the_download_is_scheduled():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(7, maker, retrieve_s=120) == "Accepted"
        await talk.advance(100000)
        assert talk.reached() == ["DownloadScheduled"] and talk.files_server.asked == []
        await is_installed(talk, 7, before=["DownloadScheduled"])


async def test_TC_L_05_CS_an_invalid_certificate_is_refused():
    maker, other = Manufacturer(), Manufacturer(name="Other root")
    same_name = Manufacturer(name="Maker root")  # of another key
    sub = StationAuthority(1795176000000, "Sub", parent=StationAuthority(1795176000000, "Third root"))
    wrong = {
        "another root": other.certificate, "a root of the same name": same_name.certificate, "expired": maker.issue(days=(-30, -1)),
        "not yet valid": maker.issue(days=(1, 30)), "an authority": maker.issue(ca=True), "no digital signature": maker.issue(more=(NO_SIGNING,)),
        "another purpose": maker.issue(more=(SIGNING, UNPACKED)), "below a stranger": maker.issue(by=sub) + sub.pem,
        "a key of another curve": maker.issue(key=ec.generate_private_key(ec.SECP384R1())),
        "the root itself": maker.root.pem, "no certificate": "firmware", "changed": maker.certificate.replace("A", "B"), "empty": "",
    }  # fmt: skip
    async with updates(maker) as talk:
        for number, (what, text) in enumerate(wrong.items(), 1):
            assert await talk.order(number, maker, signing_certificate=text) == "InvalidCertificate", what
            await talk.advance(2000)
            assert talk.events() == [EVENT] * number, what
        await talk.advance(100000)
        assert talk.reached() == [] and talk.files_server.asked == [] and talk.station.runs() == "1.0"


async def test_a_certificate_that_cannot_be_verified_is_invalid_L01_FR_22():
    maker = Manufacturer()
    async with updates() as talk:  # no ManufacturerRootCertificate is installed
        assert await talk.order(1, maker) == "InvalidCertificate"
        await talk.advance(2000)
        assert talk.events() == [EVENT] and talk.reached() == []


async def test_an_invalid_certificate_cancels_no_order_L01_FR_21():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(1, maker, install_s=100) == "Accepted"
        await talk.reaches(1, "InstallScheduled")
        assert await talk.order(2, maker, signing_certificate=maker.issue(days=(-30, -1))) == "InvalidCertificate"
        await is_installed(talk, 1, between=["InstallScheduled"])
        assert talk.reached(2) == []


@pytest.mark.parametrize("kind", ["ec", "rsa"])
async def test_TC_L_06_CS_an_invalid_signature(kind):
    maker = Manufacturer(kind)
    async with updates(maker) as talk:
        wrong = (maker.sign(WRONG), Manufacturer(kind).sign(GOOD), "AAAA", "no base64!", "")
        for number, signature in enumerate(wrong, 1):
            assert await talk.order(number, maker, signature=signature) == "Accepted"
            assert await talk.reaches(number, "InvalidSignature") == FORGED
            await talk.until(lambda n=number: talk.events() == ["InvalidFirmwareSignature"] * n, 60)
        await talk.advance(100000)
        assert talk.station.runs() == "1.0" and set(talk.connectors().values()) <= {"Available"}
        assert talk.station.shown()["slots"] == {"a": "good 1.0", "b": "receiving 2.0"}


async def test_a_signature_that_is_missing_is_invalid_and_nothing_is_downloaded_L01_FR_03():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(1, maker, signature=None) == "Accepted"
        assert await talk.reaches(1, "InvalidSignature") == ["InvalidSignature"]
        await talk.until(lambda: talk.events() == ["InvalidFirmwareSignature"], 60)
        assert talk.files_server.asked == []


async def test_TC_L_07_CS_the_download_fails():
    """After all attempts (L01.FR.30)."""
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(7, maker, path="/app.bundle_does.not Exist".replace(" ", "%20"), retries=2, retry_interval=30) == "Accepted"
        assert await talk.reaches(7, "DownloadFailed") == ["Downloading", "DownloadFailed"]
        assert len(talk.files_server.asked) == 3 and talk.station.runs() == "1.0"


@pytest.mark.parametrize("data", [WRONG, GOOD[:-9] + bytes(9), b"no bundle" * 100, GOOD + b"more"], ids=["board", "damaged", "other", "longer"])
async def test_TC_L_08_CS_a_file_that_is_signed_and_no_firmware_for_this_station(data):
    """L01.FR.29."""
    maker = Manufacturer()
    async with updates(maker) as talk:
        talk.files_server.files["/wrong.bundle"] = data
        assert await talk.order(7, maker, path="/wrong.bundle", signs=data) == "Accepted"
        assert await talk.reaches(7, "InstallVerificationFailed") == [*LOADED, "Installing", "InstallVerificationFailed"]
        await talk.advance(60000)
        assert talk.station.runs() == "1.0" and set(talk.connectors().values()) <= {"Available"}
        assert "FirmwareUpdated" not in talk.events() and len(talk.files_server.asked) == 1


async def test_TC_L_10_CS_an_order_that_downloads_is_canceled_by_another():
    maker = Manufacturer()
    async with updates(maker) as talk:
        talk.files_server.gate.clear()
        assert await talk.order(1, maker) == "Accepted"
        await talk.reaches(1, "Downloading")
        assert await talk.order(2, maker) == "AcceptedCanceled"
        assert await talk.reaches(2, "Downloading") == ["Downloading"]
        talk.files_server.gate.set()
        await is_installed(talk, 2)
        assert talk.reached(1) == ["Downloading", "DownloadFailed"]
        assert [of for of, _ in talk.statuses_of()] == [1, 1] + [2] * len(talk.reached(2))


async def test_an_order_that_is_being_installed_is_not_canceled_L01_FR_27_and_L02_FR_18():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(1, maker) == "Accepted"
        await talk.reaches(1, "InstallRebooting")
        await talk.until(lambda: talk.boots(), 60)
        assert await talk.order(2, maker) == "Rejected"
        await is_installed(talk, 1)


async def test_TC_L_14_CS_new_transactions_may_start_before_the_update():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.set(ALLOW, "true") == "Accepted"
        await talk.energy_transfer_started(1)
        assert await talk.order(7, maker) == "Accepted"
        assert await talk.reaches(7, "InstallScheduled") == [*LOADED, "InstallScheduled"]
        await talk.energy_transfer_started(2)
        await talk.parking_bay_unoccupied(1)
        await talk.advance(60000)
        assert talk.reached()[-1] == "InstallScheduled" and "Unavailable" not in talk.connectors().values()
        await talk.parking_bay_unoccupied(2)
        await is_installed(talk, 7, between=["InstallScheduled"])


async def test_TC_L_15_CS_no_new_transaction_starts_before_the_update():
    """The restart waits for the transaction, and the CSMS gets InstallScheduled (L01.FR.33, L01.FR.34)."""
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.set(ALLOW, "false") == "Accepted"
        await talk.energy_transfer_started(1)
        assert await talk.order(7, maker) == "Accepted"
        assert await talk.reaches(7, "InstallScheduled") == [*LOADED, "InstallScheduled"]
        assert talk.connectors() == {1: "Occupied", 2: "Unavailable"}
        talk.station.plug(2, "C")
        talk.station.card(2, "ABC", talk.now_ms)
        await talk.advance(60000)
        assert not talk.station.transaction(2) and talk.station.runs() == "1.0"
        talk.station.plug(2, "A")
        await talk.parking_bay_unoccupied(1)
        await talk.reaches(7, "InstallRebooting")
        assert talk.connectors() == {1: "Unavailable", 2: "Unavailable"} or talk.boots()
        await is_installed(talk, 7, between=["InstallScheduled"])
        statuses = [(p["evse_id"], p["connector_status"]) for p in talk.heard("StatusNotification")]
        assert (1, "Unavailable") in statuses


async def test_TC_L_18_CS_an_update_without_certificate_and_signature_is_rejected():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(1) == "Rejected"
        assert talk.answer.status_info["reason_code"] == "MissingParam"
        assert await talk.order(2, maker, signing_certificate=None) == "Rejected"
        await talk.advance(100000)
        assert talk.reached() == [] and talk.files_server.asked == []
        await talk.power_cut()
        assert await talk.order(3) == "Rejected"


async def test_TC_F_19_CS_the_last_status_while_it_downloads():
    maker = Manufacturer()
    async with updates(maker) as talk:
        talk.files_server.gate.clear()
        assert await talk.order(7, maker, install_s=None, signature=maker.sign(WRONG)) == "Accepted"
        await talk.reaches(7, "Downloading")
        answer = await talk.call(call.TriggerMessage(requested_message="FirmwareStatusNotification"))
        assert answer.status == "Accepted"
        await talk.advance(1000)
        assert talk.statuses_of() == [(7, "Downloading")] * 2
        talk.files_server.gate.set()
        assert await talk.reaches(7, "InvalidSignature") == ["Downloading", *FORGED]


async def test_after_the_end_the_last_status_is_idle_or_the_failure_L01_FR_25_and_L01_FR_26():
    maker = Manufacturer()
    async with updates(maker) as talk:
        for number, signature, last, shown in ((1, "AAAA", "InvalidSignature", (1, "InvalidSignature")), (2, None, "Installed", (None, "Idle"))):
            more = {"signature": signature} if signature else {}
            assert await talk.order(number, maker, **more) == "Accepted"
            await talk.reaches(number, last)
            assert (await talk.call(call.TriggerMessage(requested_message="FirmwareStatusNotification"))).status == "Accepted"
            await talk.advance(1000)
            assert talk.statuses_of()[-1] == shown


async def test_a_signed_file_is_never_continued_but_comes_whole_again_L01_FR_04_and_L01_FR_14():
    maker = Manufacturer()
    async with updates(maker) as talk:
        talk.files_server.broken = 2
        assert await talk.order(7, maker, retries=3, retry_interval=10) == "Accepted"
        await is_installed(talk, 7, before=["Downloading", "DownloadPaused"] * 2)
        assert talk.files_server.asked == [("/app.bundle", None)] * 3


async def test_a_file_that_changes_between_two_attempts_is_judged_as_it_came_last():
    maker = Manufacturer()
    async with updates(maker) as talk:
        talk.files_server.broken = 1
        assert await talk.order(7, maker, retries=3, retry_interval=10) == "Accepted"
        await talk.reaches(7, "DownloadPaused")
        talk.files_server.files["/app.bundle"] = WRONG
        assert (await talk.reaches(7, "InvalidSignature"))[-3:] == FORGED


async def test_what_came_with_an_order_before_is_not_continued_L01_FR_04():
    maker, damaged = Manufacturer(), GOOD[:-9] + bytes(9)  # of the same manifest
    async with updates(maker) as talk:
        assert await talk.order(1, maker, signs=damaged) == "Accepted"
        assert await talk.reaches(1, "InvalidSignature") == FORGED
        talk.files_server.files["/app.bundle"] = damaged
        assert await talk.order(2, maker, signs=damaged) == "Accepted"
        assert await talk.reaches(2, "InstallVerificationFailed") == [*LOADED, "Installing", "InstallVerificationFailed"]
        assert len(talk.files_server.asked) == 2


async def test_what_a_slot_holds_already_needs_the_signature_of_each_order():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(1, maker, install_s=500) == "Accepted"
        await talk.reaches(1, "InstallScheduled")
        assert await talk.order(2, maker, install_s=500, signature="AAAA") == "AcceptedCanceled"
        assert await talk.reaches(2, "InvalidSignature") == FORGED
        await talk.advance(700000)
        assert talk.station.runs() == "1.0" and "ready" not in talk.station.shown()["slots"]["b"]


async def test_certificate_and_signature_of_an_order_outlive_a_power_cut_L01_FR_10():
    maker = Manufacturer()
    async with updates(maker) as talk:
        assert await talk.order(1, maker, retrieve_s=60) == "Accepted"
        await talk.reaches(1, "DownloadScheduled")
        await talk.power_cut()
        talk.csms.heard[:] = [one for one in talk.csms.heard if one[0] != "BootNotification"]
        await is_installed(talk, 1, before=["DownloadScheduled"])
        assert await talk.order(2, maker, retrieve_s=60, signature="AAAA") == "Accepted"
        await talk.reaches(2, "DownloadScheduled")
        await talk.power_cut()
        assert (await talk.reaches(2, "InvalidSignature"))[-1] == "InvalidSignature"


async def test_a_certificate_whose_key_the_key_list_has_revoked():
    maker = Manufacturer()
    maker.key = ec.derive_private_key(STRANGER.private, ec.SECP256R1())
    maker.certificate = maker.issue()
    revoking = key_list(2, ((RELEASE, 1, "release"), (NEXT_RELEASE, 1, "next")), (STRANGER,))
    async with updates(maker) as talk:
        talk.files_server.files["/keys.cose"] = revoking
        assert await talk.order(1, maker, path="/keys.cose", signs=revoking) == "Accepted"
        assert await talk.reaches(1, "Installed") == [*LOADED, "Installing", "Installed"]  # a key list needs no restart
        assert await talk.order(2, maker) == "RevokedCertificate"
        await talk.advance(2000)
        assert talk.events()[-1] == EVENT and talk.reached(2) == []


async def test_a_chain_with_an_authority_below_the_root_is_verified():
    maker = Manufacturer()
    sub = StationAuthority(1795176000000, "Maker sub", parent=maker.root)
    async with updates(maker) as talk:
        assert await talk.order(7, maker, signing_certificate=maker.issue(by=sub) + sub.pem) == "Accepted"
        await is_installed(talk, 7)


async def test_without_a_root_of_the_manufacturer_an_update_is_not_secured_by_the_csms_L02():
    """Without certificate and signature; the bundle still needs its own. L02.FR.01,
    L02.FR.02, L02.FR.06, L02.FR.09, L02.FR.14, L02.FR.20, L02.FR.21."""
    async with updates() as talk:
        assert await talk.order(7, install_s=None) == "Accepted"
        await is_installed(talk, 7)


async def test_times_of_an_unsecured_update_L02_FR_07_and_L02_FR_10():
    async with updates() as talk:
        assert await talk.order(7, retrieve_s=60, install_s=300) == "Accepted"
        assert await talk.reaches(7, "InstallScheduled") == ["DownloadScheduled", *LOADED, "InstallScheduled"]
        assert talk.station.runs() == "1.0"
        await is_installed(talk, 7, before=["DownloadScheduled"], between=["InstallScheduled"])


async def test_an_unsecured_update_waits_for_transactions_L02_FR_03_L02_FR_04_L02_FR_22_and_L02_FR_23():
    async with updates() as talk:
        await talk.energy_transfer_started(1)
        assert await talk.order(7, install_s=None) == "Accepted"
        await talk.reaches(7, "InstallScheduled")
        await talk.advance(60000)
        assert talk.connectors() == {1: "Occupied", 2: "Unavailable"} and talk.station.runs() == "1.0"
        await talk.parking_bay_unoccupied(1)
        await is_installed(talk, 7, between=["InstallScheduled"])


async def test_an_unsecured_download_is_continued_and_given_up_L02_FR_08_and_L02_FR_19():
    async with updates() as talk:
        talk.files_server.files["/app.bundle"] = release(2, size=25000)
        talk.files_server.broken = 1
        assert await talk.order(7, retries=1, retry_interval=10, install_s=None) == "Accepted"
        await is_installed(talk, 7, before=["Downloading", "DownloadPaused"])
        assert talk.files_server.asked[1][1].startswith("bytes=")
        assert await talk.order(8, path="/none", retries=1, retry_interval=10) == "Accepted"
        assert await talk.reaches(8, "DownloadFailed") == ["Downloading", "DownloadFailed"]
        assert len(talk.files_server.asked) == 4


async def test_an_unsecured_order_is_canceled_by_another_L02_FR_15():
    async with updates() as talk:
        assert await talk.order(1, install_s=900) == "Accepted"
        await talk.reaches(1, "InstallScheduled")
        assert await talk.order(2, path="/none", retries=0) == "AcceptedCanceled"  # whether the file is there was not looked at
        assert await talk.reaches(2, "DownloadFailed") == ["Downloading", "DownloadFailed"]
        await talk.advance(1000000)
        assert talk.reached(1)[-1] == "InstallationFailed" and talk.station.runs() == "1.0"


async def test_the_last_status_of_an_unsecured_update_L02_FR_16_and_L02_FR_17():
    async with updates() as talk:
        for number, path, last, shown in ((1, "/none", "DownloadFailed", (1, "DownloadFailed")), (2, "/app.bundle", "Installed", (None, "Idle"))):
            assert await talk.order(number, path=path, retries=0) == "Accepted"
            await talk.reaches(number, last)
            assert (await talk.call(call.TriggerMessage(requested_message="FirmwareStatusNotification"))).status == "Accepted"
            await talk.advance(1000)
            assert talk.statuses_of()[-1] == shown


async def test_a_bundle_without_its_own_signature_is_refused_with_or_without_that_of_the_csms_L01_FR_09():
    maker, forged = Manufacturer(), release(2, None, STRANGER, RELEASE.kid)
    async with updates() as talk:
        talk.files_server.files["/forged"] = forged
        assert await talk.order(1, path="/forged") == "Accepted"
        assert await talk.reaches(1, "InvalidSignature") == ["Downloading", "InvalidSignature"]
        await talk.install_root(maker)
        assert await talk.order(2, maker, path="/forged", signs=forged) == "Accepted"
        assert await talk.reaches(2, "InstallVerificationFailed") == [*LOADED, "Installing", "InstallVerificationFailed"]
        await talk.advance(100000)
        assert talk.station.runs() == "1.0" and talk.events().count("InvalidFirmwareSignature") == 2


async def test_a_station_whose_site_does_not_permit_it_publishes_no_firmware_L03_FR_05():
    async with updates() as talk:
        answer = await talk.call(call.PublishFirmware(location="http://files.example/x", checksum="0" * 32, request_id=1))
        assert (answer.status, answer.status_info["reason_code"]) == ("Rejected", "NotEnabled")
        assert (await talk.call(call.UnpublishFirmware(checksum="0" * 32))).status == "NoFirmware"
        assert (await talk.call(call.TriggerMessage(requested_message="PublishFirmwareStatusNotification"))).status == "Accepted"
        assert [(p["status"], p.get("request_id")) for p in talk.heard("PublishFirmwareStatusNotification")] == [("Idle", None)]
