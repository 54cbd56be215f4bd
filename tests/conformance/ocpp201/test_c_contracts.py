"""Part 6, C, E and N of the profile ISO 15118: contract certificates (C07), the end of a session by the car (E15), data of a customer."""

import pytest
from ocpp.v201 import call
from scenario import short
from v2g import EMAID, Car, Hierarchy, equipped

from ampacity.base.wallclock import parse_iso

ACCEPTED = [(1, {"kind": "contract", "status": "Accepted"})]


def rejected(reason):
    return [(1, {"kind": "contract", "status": "Rejected", "reason": reason})]


async def connected(*settings, roots=True, start="EVConnected", stop=None):
    """EVConnectedPreSession of a station with these (variable, value) of ISO15118Ctrlr; the transaction runs already."""
    talk = await equipped()
    if roots:
        await talk.rooted()
    for name, value in (("PnCEnabled", "true"), *settings):
        assert await talk.set("ISO15118Ctrlr." + name, value) == "Accepted"
    assert await talk.set("TxCtrlr.TxStartPoint", start) == "Accepted"
    if stop:
        assert await talk.set("TxCtrlr.TxStopPoint", stop) == "Accepted"
    await talk.plug()
    talk.csms.heard.clear()
    return talk


def certificates(talk):
    """What each AuthorizeRequest said of the certificate: (identifier, type, hashes, chain)."""
    return [(p["id_token"]["id_token"], p["id_token"]["type"], p.get("iso15118_certificate_hash_data"), p.get("certificate"))
            for p in talk.heard("Authorize")]


def triggers(talk):
    return [event["trigger_reason"] for event in talk.told()]


async def charges(talk):
    """EnergyTransferStarted."""
    await talk.state("Charging")
    assert short(talk.told()[-1])[1:3] == ("ChargingStateChanged", "Charging") and talk.station.evse(1).may_charge()


async def does_not_charge(talk):
    await talk.advance(60000)
    assert not talk.station.evse(1).may_charge()
    assert "Authorized" not in triggers(talk) and "Charging" not in [short(event)[2] for event in talk.told()]


async def test_TC_C_50_CS_a_contract_that_is_judged_here():
    talk = await connected(("CentralContractValidationAllowed", "false"))
    talk.csms.certificate_status = "Accepted"
    car = Car(talk.operator)
    assert await talk.says(kind="contract", chain=car.chain, emaid="DE-ABC-C00000001-5") == ACCEPTED
    ((name, kind, hashes, chain),) = certificates(talk)  # C07.FR.01
    assert (name, kind, chain) == ("DE-ABC-C00000001-5", "eMAID", None)
    urls = [row.pop("responder_url") for row in hashes]  # C07.FR.02
    assert hashes == car.hashes and urls == ["http://ocsp.example/" + name for name in ("contract", "MO-sub-2", "MO-sub-1")]
    assert triggers(talk)[-1] == "Authorized" and talk.told()[-1]["id_token"]["type"] == "eMAID"
    await charges(talk)
    await talk.close()


@pytest.mark.parametrize(("case", "settings", "roots"), [
    ("TC_C_51_CS", ("CentralContractValidationAllowed", "false"), True), ("TC_C_53_CS", ("CentralContractValidationAllowed", "true"), False),
])  # fmt: skip
async def test_a_contract_that_the_csms_refuses(case, settings, roots):
    talk = await connected(settings, roots=roots)
    talk.csms.verdict, talk.csms.certificate_status = "Invalid", "ContractCancelled" if roots else "CertificateRevoked"
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == rejected(talk.csms.certificate_status)
    ((name, kind, hashes, chain),) = certificates(talk)
    assert (name, kind) == (EMAID, "eMAID") and (hashes is not None) == roots and (chain is not None) != roots
    await does_not_charge(talk)
    talk.csms.verdict = "Accepted"  # its certificate is still not
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == rejected(talk.csms.certificate_status)
    await does_not_charge(talk)
    await talk.close()


async def test_TC_C_52_CS_a_contract_that_the_csms_judges():
    talk = await connected(("CentralContractValidationAllowed", "true"), roots=False)
    talk.csms.certificate_status = "Accepted"
    car = Car(talk.operator)
    assert await talk.says(kind="contract", chain=car.chain) == ACCEPTED
    assert certificates(talk) == [(EMAID, "eMAID", None, car.chain)]  # C07.FR.06
    assert triggers(talk)[-1] == "Authorized"
    await charges(talk)
    await talk.close()


async def test_C07_FR_06_without_its_root_only_the_csms_can_judge_a_contract():
    talk = await connected(("CentralContractValidationAllowed", "false"), roots=False)
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == rejected("NoRoot")
    assert certificates(talk) == []
    assert await talk.set("ISO15118Ctrlr.CentralContractValidationAllowed", "true") == "Accepted"
    await talk.rooted()
    expired, forged = Car(talk.operator, days=(-9, -1)), Car(talk.operator)
    forged.chain = Car(talk.v2g).chain.split("-----END")[0] + "-----END" + forged.chain.split("-----END", 1)[1]
    for chain in (expired.chain, forged.chain):  # the root is here, and the chain is wrong
        assert await talk.says(kind="contract", chain=chain) == rejected("CertChainError")
    assert certificates(talk) == []
    await does_not_charge(talk)
    await talk.close()


async def offline(*settings):
    """A car that shows its contract while there is no connection; then the connection is there again."""
    talk = await equipped()
    await talk.rooted()
    for name, value in (("PnCEnabled", "true"), *settings):
        assert await talk.set("ISO15118Ctrlr." + name, value) == "Accepted"
    assert await talk.set("TxCtrlr.TxStartPoint", "EVConnected") == await talk.set("OCPPCommCtrlr.OfflineThreshold", "10") == "Accepted"
    return talk


async def through(talk, chain):
    """The answer that the car gets while the station is offline; afterwards the station is connected."""
    await talk.drop()
    await talk.advance(30000)
    await talk.plug()
    said = await talk.says(kind="contract", chain=chain)
    if said == ACCEPTED:
        await talk.state("Charging")
    await talk.advance(30000)
    await talk.connect()
    await talk.settle()
    assert (1, "Occupied") in talk.statuses()
    return said


def offline_events(talk):
    return [(*short(event)[1:3], event.get("offline")) for event in talk.told()]


@pytest.mark.parametrize("known", ["list", "cache", "unknown"])
async def test_TC_C_54_CS_offline_a_contract_is_judged_here(known):
    talk = await offline(("ContractValidationOffline", "true"))
    assert await talk.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true" if known == "unknown" else "false") == "Accepted"
    token = {"id_token": {"id_token": EMAID, "type": "eMAID"}, "id_token_info": {"status": "Accepted"}}
    if known == "list":  # C07.FR.10
        assert (await talk.call(call.SendLocalList(version_number=1, update_type="Full", local_authorization_list=[token]))).status == "Accepted"
    if known == "cache":  # C07.FR.11
        talk.station.cache.put({"idToken": EMAID, "type": "eMAID"}, {"status": "Accepted"}, talk.unix_ms // 1000)
    assert await through(talk, Car(talk.operator).chain) == ACCEPTED  # C07.FR.08, C07.FR.09; of an unknown one C07.FR.12
    assert offline_events(talk)[:3] == [("CablePluggedIn", "EVConnected", True), ("Authorized", "EVConnected", True),
                                        ("ChargingStateChanged", "Charging", True)]
    await talk.close()


async def test_C07_FR_08_09_offline_a_contract_that_is_not_valid_or_not_known_is_refused():
    talk = await offline(("ContractValidationOffline", "true"), ("CentralContractValidationAllowed", "true"))
    talk.station.cache.put({"idToken": EMAID, "type": "eMAID"}, {"status": "Accepted"}, talk.unix_ms // 1000)
    await talk.drop()
    await talk.plug()
    for chain, reason in ((Car(talk.operator, days=(-9, -1)).chain, "CertChainError"), (Car(Hierarchy("Strange")).chain, "NoRoot"),
                          (Car(talk.operator, emaid="DEABCC000000099").chain, "Unknown")):
        assert await talk.says(kind="contract", chain=chain) == rejected(reason)
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == ACCEPTED
    await talk.connect()
    await talk.close()


async def test_TC_C_55_CS_offline_a_contract_is_not_judged():
    talk = await offline(("ContractValidationOffline", "false"))
    assert await talk.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true") == "Accepted"
    talk.station.cache.put({"idToken": EMAID, "type": "eMAID"}, {"status": "Accepted"}, talk.unix_ms // 1000)
    assert await through(talk, Car(talk.operator).chain) == rejected("Offline")  # C07.FR.07
    assert offline_events(talk) == [("CablePluggedIn", "EVConnected", True)]
    await does_not_charge(talk)
    await talk.close()


async def test_C07_FR_01_a_contract_of_the_cache_is_still_asked_for():
    talk = await connected()
    for _ in range(2):
        assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == ACCEPTED
    assert len(certificates(talk)) == 1  # it is authorized already
    other = Car(talk.operator, emaid="DEABCC000000099")
    assert await talk.says(kind="contract", chain=other.chain) == rejected("ConcurrentTx")
    await talk.says(kind="session_stop")
    talk.answers()
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == ACCEPTED
    assert len(certificates(talk)) == 2
    await talk.close()


async def test_C08_FR_01_a_card_at_a_car_with_iso_15118_is_asked_for_as_any_other():
    talk = await connected()
    assert await talk.set("ISO15118Ctrlr.PnCEnabled", "false") == "Accepted"
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == rejected("NotEnabled")
    await talk.card()
    assert certificates(talk) == [("ABC", "ISO14443", None, None)]
    assert talk.station.evse(1).may_charge()
    await talk.close()


@pytest.mark.parametrize(("state", "stop"), [
    ("Charging", "Authorized"), ("SuspendedEV", "PowerPathClosed"), ("Charging", "EnergyTransfer"), ("Charging", "EVConnected"),
    ("SuspendedEV", "ParkingBayOccupancy"),
])  # fmt: skip
async def test_TC_E_46_CS_the_car_ends_its_session(state, stop):
    talk = await connected(stop=stop)
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == ACCEPTED
    await charges(talk)
    await talk.state(state)
    talk.csms.heard.clear()
    await talk.says(kind="session_stop")
    if stop in ("EVConnected", "ParkingBayOccupancy"):  # E15.FR.05
        assert [short(event) for event in talk.told()] == [("Updated", "StopAuthorized", "EVConnected", None)]
    else:  # E15.FR.04
        assert [short(event) for event in talk.told()] == [("Ended", "StopAuthorized", "EVConnected", "StoppedByEV")]
    assert not talk.station.evse(1).may_charge()
    talk.csms.heard.clear()
    await talk.says(kind="session_stop")
    assert talk.told() == []  # once
    await talk.close()


async def test_E15_FR_01_the_end_by_the_car_has_the_measurands_that_are_wanted_at_the_end():
    talk = await connected(stop="Authorized")
    assert await talk.set("SampledDataCtrlr.TxEndedMeasurands", "Energy.Active.Import.Register,Voltage") == "Accepted"
    assert await talk.set("SampledDataCtrlr.TxEndedInterval", "60") == "Accepted"
    assert await talk.says(kind="contract", chain=Car(talk.operator).chain) == ACCEPTED
    await charges(talk)
    began = talk.unix_ms
    await talk.advance(3600000)
    await talk.says(kind="session_stop")
    ended = talk.told()[-1]
    assert short(ended) == ("Ended", "StopAuthorized", "EVConnected", "StoppedByEV")
    for value in ended["meter_value"]:
        assert {item["measurand"] for item in value["sampled_value"]} == {"Energy.Active.Import.Register", "Voltage"}
    contexts = [value["sampled_value"][0]["context"] for value in ended["meter_value"]]
    assert contexts[-1] == "Transaction.End" and set(contexts[:-1]) == {"Sample.Periodic"} and 8 <= len(contexts) <= 17
    # E15.FR.02, E15.FR.03: of 60 samples some were dropped, from everywhere
    times = [parse_iso(value["timestamp"]) - began for value in ended["meter_value"][:-1]]
    steps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert times[0] <= 300000 and times[-1] >= 3300000 and max(steps) <= 2 * min(steps)
    await talk.close()


async def information(talk, hashes, clear):
    """The data of the NotifyCustomerInformation that follow; every part was received."""
    talk.csms.heard.clear()
    request = call.CustomerInformation(request_id=7, report=True, clear=clear, customer_certificate=hashes)
    assert (await talk.call(request)).status == "Accepted"
    parts = talk.heard("NotifyCustomerInformation")
    assert [part["seq_no"] for part in parts] == list(range(len(parts))) and not parts[-1].get("tbc")
    return "".join(part["data"] for part in parts)


async def test_TC_N_63_CS_a_customer_is_named_by_its_certificate():
    talk = await connected(("CentralContractValidationAllowed", "false"))
    car = Car(talk.operator)
    assert await talk.says(kind="contract", chain=car.chain) == ACCEPTED
    await charges(talk)
    assert "EVSE 1: authorized, transaction" in await information(talk, car.hashes[0], False)  # N10.FR.09
    assert await information(talk, Car(talk.operator).hashes[0], False) == ""
    await talk.says(kind="session_stop")
    assert await information(talk, car.hashes[0], True) == ""  # the station keeps no certificate of a customer
    assert await information(talk, car.hashes[0], False) == ""
    await talk.close()
