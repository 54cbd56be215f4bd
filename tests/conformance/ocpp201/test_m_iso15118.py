"""Part 6, A and M of the profile ISO 15118: roots, the V2G certificate, its OCSP status, and contract certificates for cars."""

import pytest
from ocpp.v201 import call
from test_a_m_security_certificates import NOON_MS, secured
from v2g import CHAIN, EMAID, MO, V2G, Car, Hierarchy, chains, check_v2g_request, equipped, ocsp_answer

from certificate_authority import StationAuthority, name_of, pem

EXI = "gJgCAAAAAAA="
SCHEMA = "urn:iso:15118:2:2013:MsgDef"


@pytest.mark.parametrize(("case", "kind"), [("TC_M_03_and_14_CS", V2G), ("TC_M_04_and_16_CS", MO)])
async def test_a_root_for_iso_15118_is_installed_and_listed(case, kind):
    talk, root = await equipped(), StationAuthority(NOON_MS, "Root")
    assert await talk.installed(kind) == ("NotFound", [])
    assert await talk.install(root, kind) == "Accepted"
    assert await talk.installed(kind) == ("Accepted", [(kind, root.hash_data())])
    await talk.reboot()
    assert await talk.installed(kind) == ("Accepted", [(kind, root.hash_data())])
    assert await talk.delete(root.hash_data()) == "Accepted"
    assert (await talk.installed(kind))[0] == "NotFound"
    await talk.close()


async def test_TC_A_12_CS_and_TC_M_15_CS_a_V2G_certificate_is_renewed_and_listed_with_its_authorities():
    talk = await (await equipped()).rooted()
    assert await chains(talk) == []
    leaf = await talk.renewed()
    hashes = talk.v2g.hashes(leaf)
    assert await chains(talk) == [(hashes[0], hashes[1:])]  # M03.FR.05
    assert "credentials" not in talk.acted()  # the connection to the CSMS has another one (A02.FR.13)
    newer = await talk.renewed()  # A02.FR.15, A03.FR.15
    assert await chains(talk) == [(talk.v2g.hashes(newer)[0], hashes[1:])]
    await talk.reboot()
    assert await chains(talk) == [(talk.v2g.hashes(newer)[0], hashes[1:])]
    assert (await talk.get("SecurityCtrlr.CertificateEntries"))["attribute_value"] == "5"
    for each in talk.v2g.hashes(newer):
        assert await talk.delete(each) == "Failed"  # M04.FR.06
    await talk.close()


async def test_a_V2G_certificate_that_is_not_for_this_station_is_rejected():
    talk = await (await equipped()).rooted()
    await talk.renewed()
    before = await chains(talk)
    assert await talk.trigger("SignV2GCertificate") == "Accepted"
    csr, stranger = talk.requests()[-1], Hierarchy("Stranger")
    wrong = [stranger.chain(stranger.second.answer(csr)), talk.v2g.chain(talk.v2g.second.answer(csr, days=(-9, -1))),
             talk.v2g.chain(talk.v2g.second.answer(csr, subject=name_of("another", "Vendor"))), pem(talk.v2g.second.answer(csr))]
    for text in wrong:
        talk.csms.heard.clear()
        assert await talk.give(text, "V2GCertificate") == "Rejected"
        assert talk.events() == ["InvalidChargingStationCertificate"] and await chains(talk) == before
    assert await talk.give(talk.v2g.chain(talk.v2g.second.answer(csr))) == "Rejected"  # as one of the station it is none
    await talk.close()


async def test_A02_FR_21_without_a_V2G_certificate_there_is_no_plug_and_charge_until_the_next_start():
    talk = await (await equipped()).rooted()
    talk.csms.signing = "Rejected"
    assert await talk.trigger("SignV2GCertificate") == "Accepted"
    assert (await talk.get("ISO15118Ctrlr.PnCEnabled"))["attribute_value"] == "false"
    said = await talk.says(kind="contract", chain=Car(talk.operator).chain)
    assert said == [(1, {"kind": "contract", "status": "Rejected", "reason": "NotEnabled"})]
    await talk.reboot()
    assert (await talk.get("ISO15118Ctrlr.PnCEnabled"))["attribute_value"] == "true"
    await talk.close()


async def test_A03_FR_02_03_06_13_a_V2G_certificate_that_ends_within_a_month_is_renewed():
    talk = await (await equipped()).rooted()
    await talk.renewed(days=(-1, 31))
    talk.csms.heard.clear()
    await talk.advance(3 * 86400000)
    assert [payload["certificate_type"] for payload in talk.heard("SignCertificate")][:1] == ["V2GCertificate"]
    csr = talk.requests()[-1]
    check_v2g_request(csr)
    assert await talk.give(Hierarchy("Stranger").chain(Hierarchy("Stranger").second.answer(csr)), "V2GCertificate") == "Rejected"
    leaf = talk.v2g.second.answer(csr, days=(2, 365))
    assert await talk.give(talk.v2g.chain(leaf), "V2GCertificate") == "Accepted"
    assert (await chains(talk))[0][0] == talk.v2g.hashes(leaf)[0]
    await talk.close()


async def test_M04_FR_08_a_chain_goes_with_its_root():
    talk = await (await equipped()).rooted()
    await talk.renewed()
    assert await talk.delete(talk.operator.root.hash_data()) == "Accepted" and len(await chains(talk)) == 1
    assert await talk.delete(talk.v2g.root.hash_data()) == "Accepted" and await chains(talk) == []
    await talk.close()


def statuses(talk):
    """The serial number and the responder of each certificate that was asked about."""
    rows = [payload["ocsp_request_data"] for payload in talk.heard("GetCertificateStatus")]
    return [(row["serial_number"], row["responder_url"].rsplit("/", 1)[1]) for row in rows]


async def test_TC_M_24_CS_the_status_of_a_new_V2G_certificate_and_of_its_authorities_is_asked_for():
    talk = await (await equipped()).rooted()
    talk.csms.ocsp = "MAA="  # no OCSP response
    leaf = await talk.renewed()
    await talk.settle()
    asked = talk.heard("GetCertificateStatus")
    for payload, hashes in zip(asked, talk.v2g.hashes(leaf), strict=True):  # M06.FR.07
        assert {**payload["ocsp_request_data"], **hashes} == payload["ocsp_request_data"]
    assert [url for _, url in statuses(talk)] == ["secc", "V2G-sub-2", "V2G-sub-1"]
    assert (await talk.says(kind="credentials"))[0][1]["ocsp"] == [None] * 3  # M06.FR.09
    answer = talk.csms.ocsp = ocsp_answer(talk.v2g.second, leaf)
    talk.csms.heard.clear()
    await talk.advance(3700000)
    assert len(statuses(talk)) == 3
    (_, shown), = await talk.says(kind="credentials")
    assert shown == {"kind": "credentials", "chain": talk.v2g.chain(leaf), "ocsp": [answer] * 3}  # M06.FR.06
    talk.csms.heard.clear()
    await talk.advance(5 * 86400000)
    assert statuses(talk) == []
    await talk.advance(2 * 86400000)
    assert len(statuses(talk)) == 3  # M06.FR.10
    talk.csms.heard.clear()
    await talk.renewed()
    await talk.settle()
    assert len(statuses(talk)) == 3  # M06.FR.07
    await talk.close()


async def test_TC_M_25_CS_a_status_that_the_csms_cannot_get_is_asked_for_again():
    talk = await (await equipped()).rooted()
    leaf = await talk.renewed()
    await talk.settle()
    assert len(statuses(talk)) == 3
    assert (await talk.says(kind="credentials"))[0][1]["ocsp"] == [None] * 3
    await talk.reboot()
    talk.csms.ocsp = ocsp_answer(talk.v2g.second, leaf)
    talk.csms.heard.clear()
    await talk.advance(3700000)
    assert len(statuses(talk)) == 3
    await talk.reboot()
    talk.csms.heard.clear()
    await talk.advance(3700000)
    assert statuses(talk) == []  # kept over a restart
    await talk.close()


@pytest.mark.parametrize(("case", "action"), [("TC_M_26_CS", "Install"), ("TC_M_28_CS", "Update")])
async def test_a_certificate_for_a_car_is_passed_on_and_its_contract_authorized(case, action):
    talk = await (await equipped()).rooted()
    assert await talk.set("ISO15118Ctrlr.ContractCertificateInstallationEnabled", "true") == "Accepted"
    await talk.plug()
    talk.csms.heard.clear()
    talk.csms.ev_certificate = ("Accepted", "QUJD" * 1875)
    answers = await talk.says(kind="certificate", action=action, schema=SCHEMA, exi=EXI)
    (asked,) = talk.heard("Get15118EVCertificate")  # M01.FR.01, M02.FR.01
    assert asked == {"iso15118_schema_version": SCHEMA, "action": action, "exi_request": EXI}
    assert answers == [(1, {"kind": "certificate", "status": "Accepted", "exi": "QUJD" * 1875})]
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == [(1, {"kind": "contract", "status": "Accepted"})]
    assert talk.asked() == [(EMAID, "eMAID")]
    await talk.close()


@pytest.mark.parametrize(("case", "action"), [("TC_M_27_CS", "Install"), ("TC_M_29_CS", "Update")])
async def test_a_car_gets_no_certificate_and_is_not_authorized(case, action):
    talk = await (await equipped()).rooted()
    await talk.plug()
    talk.csms.heard.clear()
    talk.intercept = lambda text: [f'[3,"{text.split(chr(34))[1]}",{{"status":"Failed"}}]'] if "Get15118EVCertificate" in text else None
    assert await talk.says(kind="certificate", action=action, schema=SCHEMA, exi=EXI) == [(1, {"kind": "certificate", "status": "Failed"})]
    talk.intercept = lambda text: None
    await talk.advance(5000)
    talk.csms.ev_certificate = ("Failed", "")
    assert await talk.says(kind="certificate", action=action, schema=SCHEMA, exi=EXI) == [(1, {"kind": "certificate", "status": "Failed"})]
    assert [payload["action"] for payload in talk.heard("Get15118EVCertificate")] == [action]  # the first was answered without its exiResponse
    await talk.advance(60000)
    assert talk.asked() == []
    await talk.close()


async def test_M03_FR_02_and_M05_FR_07_a_station_without_iso_15118_knows_none_of_it():
    talk = await secured()
    for kind in (V2G, MO):
        assert await talk.install(StationAuthority(NOON_MS), kind) == "Rejected"
    response = await talk.call(call.GetInstalledCertificateIds(certificate_type=[CHAIN]))
    assert response.status == "NotFound"
    assert (await talk.get("ISO15118Ctrlr.Available"))["attribute_value"] == "false"
    await talk.close()
