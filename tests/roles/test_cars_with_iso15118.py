"""A device that talks ISO 15118 asks the station through the events of its charging point, and gets the answer at its port."""

import asyncio

from helper_garage import Garage, HandClock, HandPlatform, site

from ampacity.x509.software_keys import SoftwareKeys

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


class Walking(HandClock):
    """Whoever sleeps moves the time on."""

    async def sleep_ms(self, duration_ms):
        self.us += max(1, duration_ms) * 1000
        await asyncio.sleep(0)


class Walked(HandPlatform):
    def __init__(self, files, now_ms, ports):
        super().__init__(files, now_ms, ports)
        self.clock = Walking(now_ms)


class Offline(Garage):
    platform_class = Walked

    def answered_in_ms(self, message, most_ms=60000):
        """How long the housekeeping, which alone runs, takes to answer this; None: it does not."""
        clock, answers = self.platform.clock, []
        begun_ms = clock.now_ms()
        self.port.ev_answer = lambda answer: answers.append((answer, clock.now_ms() - begun_ms))
        self.primary.upstream.ev_message(0, message, begun_ms)

        async def kept():
            task = asyncio.create_task(self.primary.housekeeping())
            while not answers and clock.now_ms() < begun_ms + most_ms:
                await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass

        asyncio.run(kept())
        self.now_us = clock.us
        return answers[0] if answers else None


def test_without_a_connection_a_signature_for_a_cars_handshake_is_there_within_a_second():
    garage = Offline(site(ocpp=dict(OCPP, iso15118=True)))
    documents = garage.primary.documents
    documents.put("ocpp_key_v0", {"secret": "%064x" % 7, "public": "00" * 64})
    garage.platform.key_door = lambda: SoftwareKeys(documents, lambda count: bytes(range(count)))
    station = garage.primary.upstream.station
    station.optional.get("iso15118", garage.now_us // 1000).signing.store.own = [0, "v0"]
    answer, took_ms = garage.answered_in_ms({"kind": "sign", "digest": "ab" * 32})
    assert len(answer["signature"]) == 128 and took_ms < 1000, took_ms
    assert not station.optional.busy and garage.primary.upstream.pause_ms(50, garage.platform.clock.now_ms()) > 1  # it rests again
