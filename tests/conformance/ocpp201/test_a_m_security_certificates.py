"""Part 6, A and M: certificates of the CSMS and of the station, the security profile, the password."""

import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ocpp.v201 import call
from scenario import Scenario

from ampacity.store.document_store import DocumentStore
from ampacity.x509.software_keys import SoftwareKeys
from certificate_authority import StationAuthority, name_of, pem

NOON_MS = 1795176000000  # of the library_csms
CSMS, MAKER = "CSMSRootCertificate", "ManufacturerRootCertificate"
ENCIPHERMENT_ONLY = x509.KeyUsage(False, False, True, False, False, False, False, False, False)


class Secured(Scenario):
    """A station with security profile 3 whose site file has a root and a certificate; `old`: the authority of both."""

    def __init__(self, profile=3, roots=True, own=True, **more):
        self.old = StationAuthority(NOON_MS, "Old root")
        self.factory = self.old.signed(name_of("S1", "Ampacity"), ec.generate_private_key(ec.SECP256R1()).public_key(), (-10, 300))
        config = {"url": "wss://a/x" if profile > 1 else "ws://a/x", "security_profile": profile}
        config.update({"root_pem": self.old.pem} if roots else {})
        config.update({"certificate_pem": pem(self.factory)} if own else {})
        super().__init__(config=config, **more)

    def start(self):
        super().start()
        self.station.key_door = lambda: SoftwareKeys(DocumentStore(self.files), os.urandom)
        self.actions = []

    async def install(self, authority, kind=CSMS):
        return (await self.call(call.InstallCertificate(certificate_type=kind, certificate=authority.pem))).status

    async def installed(self, *kinds):
        response = await self.call(call.GetInstalledCertificateIds(certificate_type=list(kinds) or None))
        chain = response.certificate_hash_data_chain
        assert (response.status == "Accepted") == bool(chain)
        return response.status, [(one["certificate_type"], one["certificate_hash_data"]) for one in chain or []]

    async def delete(self, hash_data):
        return (await self.call(call.DeleteCertificate(certificate_hash_data=hash_data))).status

    async def trigger(self, wanted="SignChargingStationCertificate"):
        status = (await self.call(call.TriggerMessage(requested_message=wanted))).status
        for _ in range(200):  # the key is made, and the request signed
            await self.settle()
        return status

    def requests(self):
        return [payload["csr"] for payload in self.heard("SignCertificate")]

    async def give(self, text, kind="ChargingStationCertificate"):
        return (await self.call(call.CertificateSigned(certificate_chain=text, certificate_type=kind))).status

    def events(self):
        return [payload["type"] for payload in self.heard("SecurityEventNotification")]

    def acted(self):
        """The names of the station's actions since the last call."""
        names = [one[0] for one in self.station.actions]
        self.station.actions[:] = []
        return names


async def secured(**more):
    return await Secured(**more).booted()


def check_request(text, serial="S1"):
    request = x509.load_pem_x509_csr(text.encode())
    assert request.is_signature_valid and request.public_key().curve.key_size >= 224
    assert request.signature_hash_algorithm.name == "sha256"  # A00.FR.506
    found = {each.oid: each.value for each in request.subject}
    assert found == {NameOID.COMMON_NAME: serial, NameOID.ORGANIZATION_NAME: "Ampacity"}
    return request


@pytest.mark.parametrize(("case", "kind"), [("TC_M_01_and_12_CS", CSMS), ("TC_M_02_and_13_CS", MAKER)])
async def test_a_root_is_installed_and_listed(case, kind):
    talk, new = await secured(), StationAuthority(NOON_MS, "New root")
    assert await talk.install(new, kind) == "Accepted"
    status, found = await talk.installed(kind)
    assert status == "Accepted" and (kind, new.hash_data()) in found
    assert len(found) == (2 if kind == CSMS else 1)
    await talk.reboot()
    assert (kind, new.hash_data()) in (await talk.installed(kind))[1]
    await talk.close()


async def test_TC_M_17_and_18_CS_roots_of_two_types_are_listed():
    talk, new, maker = await secured(), StationAuthority(NOON_MS, "New root", kind="rsa"), StationAuthority(NOON_MS, "Maker")
    assert await talk.install(new) == await talk.install(maker, MAKER) == "Accepted"
    for kinds in ((CSMS, MAKER), ()):
        status, found = await talk.installed(*kinds)
        assert status == "Accepted" and len(found) == 3
        assert (CSMS, new.hash_data()) in found and (MAKER, maker.hash_data()) in found
    await talk.close()


async def test_TC_M_07_CS_an_invalid_root_is_rejected():
    talk = await secured()
    expired = StationAuthority(NOON_MS, "Expired", days=(-30, -1))
    assert await talk.install(expired) == "Rejected"
    status, found = await talk.installed(CSMS)
    assert status == "Accepted" and found == [(CSMS, talk.old.hash_data())]
    early, sub = StationAuthority(NOON_MS, "Early", days=(2, 30)), StationAuthority(NOON_MS, "Sub", parent=talk.old)
    assert await talk.install(early) == await talk.install(sub) == "Rejected"
    station = await talk.call(call.InstallCertificate(certificate_type=CSMS, certificate=pem(talk.factory)))
    assert station.status == "Rejected" and "not a certificate authority" in station.status_info["additional_info"]
    for text in ("", "no certificate", talk.old.pem + talk.old.pem, talk.old.pem[:200], talk.old.pem.replace("A", "B")):
        assert (await talk.call(call.InstallCertificate(certificate_type=CSMS, certificate=text))).status == "Rejected", text
    assert len((await talk.installed(CSMS))[1]) == 1
    await talk.close()


async def test_A00_FR_501_a_root_with_a_short_key_is_rejected():
    talk = await secured()
    assert await talk.install(StationAuthority(NOON_MS, "Short", kind="rsa1024")) == "Rejected"
    assert await talk.installed(CSMS) == ("Accepted", [(CSMS, talk.old.hash_data())])
    assert await talk.install(StationAuthority(NOON_MS, "Long", kind="rsa")) == "Accepted"
    await talk.close()


async def test_A00_FR_504_a_certificate_that_was_signed_with_another_digest_is_rejected():
    talk = await secured()
    assert await talk.trigger() == "Accepted"
    for digest, status in ((hashes.SHA224, "Rejected"), (hashes.SHA3_256, "Rejected"), (hashes.SHA384, "Accepted")):
        talk.old.digest = digest
        assert await talk.give(pem(talk.old.answer(talk.requests()[0]))) == status, digest
    await talk.close()


async def test_A00_FR_505_certificates_that_an_authority_signed_with_RSA_PSS_are_verified():
    talk, authority = await secured(), StationAuthority(NOON_MS, "PSS", kind="rsa", pss=True)
    assert await talk.install(authority) == "Accepted"
    with_sha_384 = StationAuthority(NOON_MS, "PSS-384", kind="rsa", pss=True, digest=hashes.SHA384)
    assert await talk.install(with_sha_384) == "Accepted"  # for the TLS library
    assert await talk.trigger() == "Accepted"
    request = talk.requests()[0]
    stranger = StationAuthority(NOON_MS, "PSS", kind="rsa", pss=True)
    assert await talk.give(pem(stranger.answer(request))) == "Rejected"
    authority.digest = hashes.SHA384
    assert await talk.give(pem(authority.answer(request))) == "Rejected"  # only SHA-256
    authority.digest = hashes.SHA256
    assert await talk.give(pem(authority.answer(request))) == "Accepted"
    await talk.close()


async def test_TC_M_19_CS_no_certificate_of_this_type():
    talk = await secured()
    assert await talk.installed("MORootCertificate") == ("NotFound", [])
    for kind in ("MORootCertificate", "V2GRootCertificate"):
        assert await talk.install(StationAuthority(NOON_MS), kind) == "Rejected"
        assert (await talk.installed(kind))[0] == "NotFound"
    await talk.close()


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
async def test_TC_M_20_CS_a_root_is_deleted(algorithm):
    talk, new = await secured(), StationAuthority(NOON_MS, "New root")
    assert await talk.install(new) == "Accepted"
    assert (CSMS, talk.old.hash_data()) in (await talk.installed(CSMS))[1]
    assert await talk.delete(talk.old.hash_data(algorithm)) == "Accepted"
    assert await talk.installed(CSMS) == ("Accepted", [(CSMS, new.hash_data())])
    await talk.reboot()
    assert await talk.installed(CSMS) == ("Accepted", [(CSMS, new.hash_data())])
    assert await talk.delete(new.hash_data(algorithm)) == "Failed"  # M04.FR.03: the last one
    await talk.close()


async def test_TC_M_22_CS_an_unknown_certificate_is_not_found():
    talk = await secured()
    await talk.installed(CSMS)
    assert await talk.delete(StationAuthority(NOON_MS).hash_data()) == "NotFound"
    await talk.close()


async def renewed(talk, **more):
    """The reusable state RenewChargingStationCertificate; the certificate."""
    assert await talk.trigger() == "Accepted"
    made = talk.old.answer(talk.requests()[-1], **more)
    assert await talk.give(pem(made)) == "Accepted"
    return made


async def test_TC_A_11_CS_a_certificate_is_renewed_on_request():
    """Also A03.FR.08: the valid one is accepted, and the station connects again with it."""
    talk = await secured()
    assert await talk.trigger() == "Accepted"
    (payload,) = talk.heard("SignCertificate")
    assert payload["certificate_type"] == "ChargingStationCertificate"
    check_request(payload["csr"])
    made = talk.old.answer(payload["csr"])
    talk.acted()
    assert await talk.give(pem(made)) == "Accepted"
    assert "credentials" in talk.acted()  # the roles connect again with it: tests/host/net/test_certificates_in_use.py
    shown = talk.station.optional.find("certificates").tls_facts()
    assert shown["certificate_pem"] == pem(made) and "PRIVATE KEY" in shown["key_pem"]
    assert "InvalidChargingStationCertificate" not in talk.events()
    await talk.close()


async def test_A00_FR_427_each_station_has_a_key_and_a_name_of_its_own():
    found = []
    for serial in ("S1", "S2"):
        talk = Secured()
        talk.config["serial"] = serial
        talk.start()
        await talk.booted()
        for _ in range(2):  # a new key for each request
            assert await talk.trigger() == "Accepted"
            found.append(check_request(talk.requests()[-1], serial).public_key().public_numbers())
        await talk.close()
    assert len({(key.x, key.y) for key in found}) == 4


async def test_TC_M_23_CS_the_certificate_of_the_station_is_not_deleted():
    talk = await secured()
    made = await renewed(talk)
    await talk.installed()
    for algorithm in ("SHA256", "SHA512"):
        assert await talk.delete(talk.old.hash_data(algorithm, made)) == "Failed"
    await talk.close()


async def test_TC_A_14_CS_an_invalid_certificate_is_discarded_and_reported():
    talk, stranger = await secured(), StationAuthority(NOON_MS, "Stranger")
    assert await talk.trigger() == "Accepted"
    (request,) = talk.requests()
    check_request(request)
    wrong = {
        "stranger": stranger.answer(request), "expired": talk.old.answer(request, days=(-10, -1)), "early": talk.old.answer(request, days=(1, 10)),
        "key": talk.old.answer(request, key=ec.generate_private_key(ec.SECP256R1()).public_key()),
        "use": talk.old.answer(request, more=[(ENCIPHERMENT_ONLY, True)]),  # A00.FR.512
        "serial": talk.old.answer(request, subject=name_of("S2", "Ampacity")), "owner": talk.old.answer(request, subject=name_of("S1", "Other")),
    }  # fmt: skip
    before = talk.station.optional.find("certificates").tls_facts()
    for name, certificate in wrong.items():
        talk.csms.heard.clear()
        talk.acted()
        assert await talk.give(pem(certificate)) == "Rejected", name
        assert talk.events() == ["InvalidChargingStationCertificate"], name
        assert talk.acted() == [] and talk.station.optional.find("certificates").tls_facts() == before, name
    await talk.advance(7200000)
    assert talk.requests() == []  # A02.FR.20
    assert await talk.give(pem(talk.old.answer(request))) == "Accepted"
    await talk.close()


async def test_TC_A_15_CS_a_rejected_request_is_not_repeated():
    talk = await secured()
    talk.csms.signing = "Rejected"
    assert await talk.trigger() == "Accepted"
    assert len(talk.requests()) == 1
    await talk.advance(7200000)
    assert len(talk.requests()) == 1
    await talk.close()


async def test_TC_A_23_CS_a_request_without_a_certificate_is_repeated_with_twice_the_wait():
    talk = await secured()
    assert await talk.set("SecurityCtrlr.CertSigningWaitMinimum", "30") == "Accepted"
    assert await talk.set("SecurityCtrlr.CertSigningRepeatTimes", "1") == "Accepted"
    assert await talk.trigger() == "Accepted"
    assert len(talk.requests()) == 1
    for wait_ms, count in ((30000, 2), (60000, 3)):
        await talk.advance(wait_ms - 1000)
        assert len(talk.requests()) == count - 1
        await talk.advance(1500)
        assert len(talk.requests()) == count
        check_request(talk.requests()[-1])
    await talk.advance(7200000)
    assert len(talk.requests()) == 3  # A02.FR.19
    assert await talk.give(pem(talk.old.answer(talk.requests()[0]))) == "Accepted"
    await talk.close()


@pytest.mark.parametrize("wanted", ["SignV2GCertificate", "SignCombinedCertificate"])
async def test_a_station_without_iso_15118_makes_no_request_for_it(wanted):
    talk = await secured()
    assert await talk.trigger(wanted) == "NotImplemented"  # F06.FR.08
    assert talk.requests() == []
    assert await talk.give(talk.old.pem, "V2GCertificate") == "Rejected"
    await talk.close()


async def put_profile(talk, profile, slot=2):
    data = {"ocpp_version": "OCPP20", "ocpp_transport": "JSON", "ocpp_csms_url": "wss://b/x" if profile > 1 else "ws://b/x", "message_timeout": 30,
            "security_profile": profile, "ocpp_interface": "Wired0"}
    return (await talk.call(call.SetNetworkProfile(configuration_slot=slot, connection_data=data))).status


async def test_TC_A_20_CS_a_higher_profile_needs_a_root_of_the_csms():
    talk = await secured(profile=1, roots=False, own=False)
    assert await put_profile(talk, 2) == "Accepted"
    assert await talk.set("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1") == "Rejected"
    assert await talk.install(talk.old) == "Accepted"
    assert await talk.set("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1") == "Accepted"
    await talk.close()


@pytest.mark.parametrize("profile", [1, 2])
async def test_TC_A_21_CS_profile_3_needs_a_certificate_of_the_station(profile):
    talk = await secured(profile=profile, own=False)
    assert await put_profile(talk, 3) == "Accepted"
    assert await talk.set("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1") == "Rejected"
    await renewed(talk)
    assert await talk.set("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1") == "Accepted"
    await talk.close()


@pytest.mark.parametrize("profile", [1, 2, 3])
async def test_IF_22_certificates_are_taken_with_each_security_profile_and_the_log_says_so(profile):
    """A higher profile needs them first (A05.FR.02, A05.FR.03); with a lower one nothing of them is used."""
    talk = await secured(profile=profile, roots=profile > 1, own=profile > 2)
    new = StationAuthority(NOON_MS, "New root")
    assert await talk.install(new) == await talk.install(talk.old) == "Accepted"
    made = await renewed(talk)
    lines = [line[3] for line in talk.log.since(0)]
    for text in ("CSMSRootCertificate installed: New root", "certificate of this station renewed"):
        assert any("security: ReconfigurationOfSecurityParameters" in line and text in line for line in lines), text
    assert ("credentials" in talk.acted()) == (profile == 3)
    assert talk.station.optional.find("certificates").tls_facts()["certificate_pem"] == pem(made)
    assert await talk.install(StationAuthority(NOON_MS, "Ended", days=(-30, -1))) == "Rejected"
    await talk.close()


@pytest.mark.parametrize("profile", [2, 3])
async def test_TC_A_22_CS_a_lower_profile_is_rejected(profile):
    """Also A00.FR.005: no other message lowers it, either."""
    talk = await secured(profile=profile)
    for lower in range(1, profile):
        assert await put_profile(talk, lower) == "Rejected"
        assert await talk.set("SecurityCtrlr.SecurityProfile", str(lower)) == "Rejected"
    assert (await talk.call(call.DataTransfer(vendor_id="Ampacity", message_id="SecurityProfile", data="1"))).status == "UnknownVendorId"
    assert (await talk.get("SecurityCtrlr.SecurityProfile"))["attribute_value"] == str(profile)
    assert (await talk.get("OCPPCommCtrlr.NetworkConfigurationPriority"))["attribute_value"] == "1"
    await talk.close()


async def checked(**more):
    """A station with AdditionalRootCertificateCheck; the one root is that of the site file."""
    talk = Secured(**more)
    talk.config["additional_root_check"] = True
    talk.start()
    await talk.booted()
    assert (await talk.get("SecurityCtrlr.AdditionalRootCertificateCheck"))["attribute_value"] == "true"
    return talk


async def test_TC_M_09_CS_a_root_that_the_old_one_has_not_signed_is_rejected():
    talk = await checked()
    assert await talk.install(StationAuthority(NOON_MS, "Stranger")) == "Rejected"
    forged = StationAuthority(NOON_MS, "New root", parent=StationAuthority(NOON_MS, "Old root"))
    assert await talk.install(forged) == "Rejected"
    assert await talk.installed(CSMS) == ("Accepted", [(CSMS, talk.old.hash_data())])
    await talk.close()


async def test_M05_FR_09_a_root_replaces_the_one_that_has_signed_it():
    talk = await checked()
    for number in range(3):
        new = StationAuthority(NOON_MS, f"Root {number}", parent=talk.old)
        assert await talk.install(new) == "Accepted"
        _, found = await talk.installed(CSMS)
        assert len(found) == 2 and (CSMS, talk.old.hash_data()) in found and (CSMS, new.hash_data()) in found
        block = talk.station.optional.find("certificates")
        assert block.tls_facts()["root_pem"].strip() == new.pem.strip()
        assert block.store.turn() and block.tls_facts()["root_pem"].strip() == talk.old.pem.strip()
        if number < 2:
            block.works(True, talk.now_ms)  # with the old one: it stays (M05.FR.14)
            assert len((await talk.installed(CSMS))[1]) == 2
    await talk.reboot()
    assert await talk.delete(new.hash_data()) == "Accepted"  # the former one is in force again
    assert talk.station.optional.find("certificates").tls_facts()["root_pem"].strip() == talk.old.pem.strip()
    assert await talk.delete(talk.old.hash_data()) == "Failed"
    assert await talk.install(new) == "Accepted"
    block = talk.station.optional.find("certificates")
    block.works(True, talk.now_ms)
    assert await talk.installed(CSMS) == ("Accepted", [(CSMS, new.hash_data())]) and not block.store.turn()
    await talk.close()
