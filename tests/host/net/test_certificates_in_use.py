"""Certificates that a CSMS installs are those of the next connection: `ampacity run` against the libraries `ocpp` and `websockets`."""

import asyncio
import ipaddress
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from ocpp.v201 import call

from ampacity_host.configure import load_site
from certificate_authority import StationAuthority, name_of, pem
from certificates import Authority, Pair
from secure_csms import Csms
from site_run import OWN, PASSWORD, ROOT, Running, network_profile, site

STEADY_S = 11


def authorities():
    """One whose root the site file has, and another."""
    return Authority("CSO one"), Authority("CSO two")


async def hasty(csms):
    """Attempts follow each other quickly."""
    for name, value in (("RetryBackOffWaitMinimum", "1"), ("RetryBackOffRandomRange", "0"), ("RetryBackOffRepeatTimes", "0"),
                        ("NetworkProfileConnectionAttempts", "1")):
        assert await csms.set("OCPPCommCtrlr." + name, value) == "Accepted"


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_a_root_that_the_csms_installed_is_trusted_and_a_stranger_is_not(runtime, tmp_path):
    one, two = authorities()
    stranger = Authority("Stranger")
    (tmp_path / "root.pem").write_text(one.root)
    csms = Csms(tmp_path)
    await csms.use(one.issue())
    running = Running(tmp_path, runtime, site(f"wss://127.0.0.1:{csms.port}/ocpp", 2, PASSWORD, ROOT))
    try:
        await csms.connected(1)
        await hasty(csms)
        assert (await csms.call(call.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=two.root))).status == "Accepted"
        await csms.use(stranger.issue())
        await asyncio.sleep(3)
        assert len(csms.shown) == 1
        await csms.use(two.issue())
        await csms.connected(2)
        found = await csms.call(call.GetInstalledCertificateIds(certificate_type=["CSMSRootCertificate"]))
        assert len(found.certificate_hash_data_chain) == 2
        await csms.until(lambda: "InvalidCsmsCertificate" in csms.events)
        assert csms.logins == ["Basic QU1QLTE6MDEyMzQ1Njc4OWFiY2RlZg=="] * 2 and len(csms.boots) == 1
    finally:
        running.end()
        await csms.end()


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_TC_A_11_CS_a_renewed_certificate_is_shown_at_the_next_connection_and_kept(runtime, tmp_path):
    one, two = authorities()
    mine = one.issue("AMP-1")
    mine.files(tmp_path, "own")
    (tmp_path / "root.pem").write_text(one.root)
    csms, issuer = Csms(tmp_path), StationAuthority(time.time() * 1000, "CSO three")
    await csms.use(one.issue(), one.root + issuer.pem)
    text = site(f"wss://127.0.0.1:{csms.port}/ocpp", 3, OWN, ROOT)
    running = Running(tmp_path, runtime, text)
    try:
        await csms.connected(1)
        assert csms.shown == [mine.der] and csms.logins == [None]
        await hasty(csms)
        assert (await csms.call(call.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=issuer.pem))).status == "Accepted"
        assert (await csms.call(call.TriggerMessage(requested_message="SignChargingStationCertificate"))).status == "Accepted"
        await csms.until(lambda: csms.requests)
        made = issuer.answer(csms.requests[0])
        signed = call.CertificateSigned(certificate_chain=pem(made), certificate_type="ChargingStationCertificate")
        assert (await csms.call(signed)).status == "Accepted"
        await csms.connected(2)
        assert x509.load_der_x509_certificate(csms.shown[-1]) == made and csms.logins[-1] is None
        running.end()
        running = Running(tmp_path, runtime, text)
        await csms.connected(3)
        assert x509.load_der_x509_certificate(csms.shown[-1]) == made
    finally:
        running.end()
        await csms.end()


async def test_A02_FR_28_and_A03_FR_24_a_renewed_certificate_that_the_csms_refuses_gives_way_to_the_one_before(tmp_path):
    one, two = authorities()
    mine = one.issue("AMP-1")
    mine.files(tmp_path, "own")
    (tmp_path / "root.pem").write_text(one.root)
    csms, issuer = Csms(tmp_path), StationAuthority(time.time() * 1000, "CSO three")
    await csms.use(one.issue(), one.root)  # it does not know the issuer
    running = Running(tmp_path, "cpython", site(f"wss://127.0.0.1:{csms.port}/ocpp", 3, OWN, ROOT))
    try:
        await csms.connected(1)
        await hasty(csms)
        assert (await csms.call(call.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=issuer.pem))).status == "Accepted"
        assert (await csms.call(call.TriggerMessage(requested_message="SignChargingStationCertificate"))).status == "Accepted"
        await csms.until(lambda: csms.requests)
        signed = call.CertificateSigned(certificate_chain=pem(issuer.answer(csms.requests[0])), certificate_type="ChargingStationCertificate")
        assert (await csms.call(signed)).status == "Accepted"
        await csms.connected(2)
        assert csms.shown == [mine.der] * 2
        await csms.until(lambda: "DiscardedRenewedClientCertificate" in csms.events)
    finally:
        running.end()
        await csms.end()


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_A00_FR_430_a_station_whose_own_certificate_has_expired_still_starts_and_shows_it_and_the_csms_decides(runtime, tmp_path):
    one = Authority("CSO one")
    mine = one.issue("AMP-1", days=(-10, -1))
    mine.files(tmp_path, "own")
    (tmp_path / "root.pem").write_text(one.root)
    csms = Csms(tmp_path)
    await csms.use(one.issue(), one.root, any_time=True)
    running = Running(tmp_path, runtime, site(f"wss://127.0.0.1:{csms.port}/ocpp", 3, OWN, ROOT))
    try:
        await csms.connected(1)
        await csms.until(lambda: csms.boots)
        assert csms.shown == [mine.der] and csms.logins == [None]
        assert any('certificate_pem: "CN=AMP-1" has expired' in str(each) for each in load_site(tmp_path / "site.toml").warnings)
    finally:
        running.end()
        await csms.end()


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("profile", [1, 2])
async def test_TC_A_19_CS_a_station_goes_up_by_one_security_profile_and_removes_the_lower_one(profile, runtime, tmp_path):
    one, issuer = Authority("CSO one"), StationAuthority(time.time() * 1000, "CSO three")
    lower, higher = Csms(tmp_path), Csms(tmp_path)
    (tmp_path / "root.pem").write_text(one.root)
    await lower.use(one.issue() if profile == 2 else None)
    await higher.use(one.issue(), issuer.pem if profile == 2 else None)
    url = f"{'wss' if profile == 2 else 'ws'}://127.0.0.1:{lower.port}/ocpp"
    running = Running(tmp_path, runtime, site(url, profile, PASSWORD, ROOT if profile == 2 else ""))
    made = None
    try:
        await lower.connected(1)
        root = one.root if profile == 1 else issuer.pem
        assert (await lower.call(call.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=root))).status == "Accepted"
        if profile == 2:
            assert (await lower.call(call.TriggerMessage(requested_message="SignChargingStationCertificate"))).status == "Accepted"
            await lower.until(lambda: lower.requests)
            made = issuer.answer(lower.requests[0])
            signed = call.CertificateSigned(certificate_chain=pem(made), certificate_type="ChargingStationCertificate")
            assert (await lower.call(signed)).status == "Accepted"
        data = network_profile(f"wss://127.0.0.1:{higher.port}/ocpp", profile + 1)
        assert (await lower.call(call.SetNetworkProfile(configuration_slot=2, connection_data=data))).status == "Accepted"
        assert await lower.set("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1") == "Accepted"
        assert (await lower.call(call.Reset(type="OnIdle"))).status == "Accepted"
        await higher.connected(1)
        await higher.until(lambda: higher.boots)
        if profile == 2:
            assert x509.load_der_x509_certificate(higher.shown[0]) == made and higher.logins == [None]
        else:
            assert higher.shown == [None] and higher.logins == ["Basic QU1QLTE6MDEyMzQ1Njc4OWFiY2RlZg=="]
        await asyncio.sleep(0.5)
        assert await higher.get("SecurityCtrlr.SecurityProfile") == str(profile + 1)
        assert await higher.get("OCPPCommCtrlr.NetworkConfigurationPriority") == "2"
        data = network_profile(url, profile)
        assert (await higher.call(call.SetNetworkProfile(configuration_slot=1, connection_data=data))).status == "Rejected"
        assert len(lower.shown) == 1
    finally:
        running.end()
        await lower.end()
        await higher.end()


def server_pair(authority):
    """A certificate of a server at this address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return Pair(authority.signed(name_of("127.0.0.1", "CSO"), key.public_key(), (-1, 2), more=[(names, False)]), key)


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("case", ["TC_M_30_CS", "TC_M_31_CS"])
async def test_a_root_that_replaces_another_is_tried_first(case, runtime, tmp_path):
    old = StationAuthority(time.time() * 1000, "Old root")
    new = StationAuthority(time.time() * 1000, "New root", parent=old)
    (tmp_path / "root.pem").write_text(old.pem)
    csms = Csms(tmp_path)
    await csms.use(server_pair(old))
    text = site(f"wss://127.0.0.1:{csms.port}/ocpp", 2, PASSWORD, ROOT, "additional_root_check = true\n")
    running = Running(tmp_path, runtime, text)
    try:
        await csms.connected(1)
        await hasty(csms)
        assert await csms.get("SecurityCtrlr.AdditionalRootCertificateCheck") == "true"
        assert (await csms.call(call.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=new.pem))).status == "Accepted"
        assert (await csms.call(call.Reset(type="OnIdle"))).status == "Accepted"
        await csms.until(lambda: csms.point.closed)
        await csms.use(server_pair(new if case == "TC_M_30_CS" else old))
        await csms.until(lambda: len(csms.boots) == 2)
        await csms.connected(2)
        await asyncio.sleep(1)
        found = await csms.call(call.GetInstalledCertificateIds(certificate_type=["CSMSRootCertificate"]))
        serials = [one["certificate_hash_data"]["serial_number"] for one in found.certificate_hash_data_chain]
        assert (old.hash_data()["serial_number"] in serials) == (case == "TC_M_31_CS")
        assert new.hash_data()["serial_number"] in serials
        if case == "TC_M_31_CS":
            await csms.until(lambda: "InvalidCsmsCertificate" in csms.events)
        else:
            assert "InvalidCsmsCertificate" not in csms.events
    finally:
        running.end()
        await csms.end()


async def told_to_migrate(old, new, root):
    """The CSMS `old` installs a root, sends the station to `new` in slot 2, and resets it; what became of the reset."""
    await hasty(old)
    assert (await old.call(call.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=root))).status == "Accepted"
    assert await old.get("OCPPCommCtrlr.ActiveNetworkProfile") == "1"
    data = network_profile(f"wss://127.0.0.1:{new.port}/ocpp", 2)
    assert (await old.call(call.SetNetworkProfile(configuration_slot=2, connection_data=data))).status == "Accepted"
    assert await old.set("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1") in ("Accepted", "RebootRequired")
    return (await old.call(call.Reset(type="OnIdle"))).status


async def booted(csms, count=1):
    """The reusable state Booted, for the time of this number."""
    await csms.until(lambda: len(csms.boots) >= count and csms.statuses)
    assert csms.boots[-1]["reason"] == "RemoteReset"


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_TC_B_50_CS_to_another_csms_that_a_new_root_has_signed(runtime, tmp_path):
    one, two = authorities()
    (tmp_path / "root.pem").write_text(one.root)
    old, new = Csms(tmp_path), Csms(tmp_path)
    await old.use(one.issue())
    await new.use(two.issue())
    running = Running(tmp_path, runtime, site(f"wss://127.0.0.1:{old.port}/ocpp", 2, PASSWORD, ROOT))
    try:
        await old.connected(1)
        assert await told_to_migrate(old, new, two.root) == "Accepted"
        await new.connected(1)
        await booted(new)
        assert await new.get("OCPPCommCtrlr.ActiveNetworkProfile") == "2" and len(old.shown) == 1
    finally:
        running.end()
        await old.end()
        await new.end()


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
async def test_TC_B_47_CS_back_to_the_former_csms_with_the_former_root(runtime, tmp_path):
    former = StationAuthority(time.time() * 1000, "Old root")
    following = StationAuthority(time.time() * 1000, "New root", parent=former)
    (tmp_path / "root.pem").write_text(former.pem)
    old, new = Csms(tmp_path), Csms(tmp_path)
    pair = server_pair(former)
    await old.use(pair)
    await new.use(pair)
    text = site(f"wss://127.0.0.1:{old.port}/ocpp", 2, PASSWORD, ROOT, "additional_root_check = true\n")
    running = Running(tmp_path, runtime, text)
    try:
        await old.connected(1)
        await asyncio.sleep(STEADY_S)  # it works: the profile to which the station returns
        old.statuses.clear()
        assert await told_to_migrate(old, new, following.pem) == "Accepted"
        await old.until(lambda: len(old.boots) == 2)
        await booted(old, 2)
        assert new.shown == []  # refused during the handshake
        assert await old.get("OCPPCommCtrlr.ActiveNetworkProfile") == "1"
        found = await old.call(call.GetInstalledCertificateIds(certificate_type=["CSMSRootCertificate"]))
        assert found.status == "Accepted"
        kept = [one["certificate_hash_data"] for one in found.certificate_hash_data_chain if one["certificate_type"] == "CSMSRootCertificate"]
        assert former.hash_data()["serial_number"] in [data["serial_number"] for data in kept]
        await old.until(lambda: "InvalidCsmsCertificate" in old.events)
        assert running.lines(f"no connection to wss://127.0.0.1:{old.port}/") == 0  # the replaced root first (M05.FR.16)
        assert running.lines(f"no connection to wss://127.0.0.1:{new.port}/") >= 1
    finally:
        running.end()
        await old.end()
        await new.end()
