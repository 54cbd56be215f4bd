"""A device that talks ISO 15118 asks the station through the events of its charging point, and gets the answer at its port."""

from helper_garage import Garage, site

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://127.0.0.1:9", "security_profile": 1, "password": "0123456789abcdef"}
EXI = {"kind": "certificate", "action": "Install", "schema": "urn:iso:15118:2:2013:MsgDef", "exi": "gA=="}


def garage_with(**more):
    garage = Garage(site(ocpp=dict(OCPP, **more))).run(3000)
    garage.answers = []
    garage.port.ev_answer = garage.answers.append
    garage.port.car = "B"
    return garage


def test_a_question_of_a_car_is_answered_at_the_port_of_its_charging_point():
    garage = garage_with(iso15118=True)
    garage.port.events.append(("ev_message", dict(EXI)))
    garage.port.events.append(("ev_message", {"kind": "credentials"}))
    garage.run(2000)
    assert garage.answers == [{"kind": "certificate", "status": "Failed"}, {"kind": "credentials", "status": "None"}]  # no CSMS


def test_what_is_wrong_is_logged_and_counted_and_the_controller_continues():
    garage = garage_with(iso15118=True)
    for event in (("ev_message", {"kind": "sign", "digest": "x"}), ("ev_message", {"kind": "other"})):
        garage.port.events.append(event)
    garage.run(2000)
    log = [line[3] for line in garage.log.since(0)]
    assert any(["ev_message: digest: a text of 64 ASCII characters" in line for line in log]) and garage.log.counters["ev_refused"] == 2
    assert garage.answers == []


def test_a_message_or_field_of_another_type_stops_nothing():
    garage = garage_with(iso15118=True)
    odd = (
        ("ev_message",), ("ev_message", None), ("ev_message", 5), ("ev_message", [EXI]), ("ev_message", {"kind": []}), ("ev_schedule", None),
        ("ev_message", dict(EXI, schema=None)), ("ev_message", dict(EXI, exi=5)), ("ev_message", {"kind": "contract", "chain": ["a"]}),
    )  # fmt: skip
    for event in odd:
        garage.port.events.append(event)
    garage.port.events.append(("ev_message", dict(EXI)))
    garage.run(2000)
    assert garage.log.counters["ev_refused"] == len(odd)
    assert garage.answers == [{"kind": "certificate", "status": "Failed"}]
    log = [line[3] for line in garage.log.since(0)]
    for name in ("message", "kind", "schema", "exi", "chain"):
        assert any(["ev_message: %s: " % name in line for line in log]), name


def test_a_site_without_iso_15118_refuses_all_of_it():
    garage = garage_with()
    garage.port.events.append(("ev_message", dict(EXI)))
    garage.run(2000)
    assert garage.answers == [] and garage.log.counters["ev_refused"] == 1


def test_K16_FR_02_that_the_schedules_of_a_car_have_changed_reaches_the_port_of_its_charging_point():
    garage = garage_with()
    garage.primary.upstream.station.actions.append(("renegotiate", 1))
    garage.run(1000)
    assert garage.answers == [{"kind": "renegotiate"}]


def test_a_module_in_a_loop_has_16_messages_taken_in_a_pass_and_a_card_behind_them_is_still_read():
    garage = garage_with(iso15118=True)
    for _ in range(500):
        garage.port.events.append(("ev_message", {"kind": "credentials"}))
    garage.port.events.append(("token", "04A1", "ISO14443"))
    garage.run(2000)
    assert len(garage.answers) == 16 and garage.log.counters["ev_dropped"] == 484 and garage.port.events == []
    assert any(["token at evse-1" in line[3] for line in garage.log.since(0)])
