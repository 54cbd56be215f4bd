"""What a device that talks ISO 15118 asks of the station: bounds, order, losses. The cases of part 6 are in tests/conformance."""

from station_bench import Bench

from ampacity.base.strict_json import dumps
from ampacity.ocpp.iso15118.certificate_status import CertificateStatus
from ampacity.store.document_store import DocumentStore
from ampacity.x509.software_keys import SoftwareKeys
from check import raises

CONFIG = {"identity": "AMP-1", "serial": "S1", "iso15118": True}
EXI = {"kind": "certificate", "action": "Install", "schema": "urn:iso:15118:2:2013:MsgDef", "exi": "gA=="}
FAILED = [("ev_answer", 1, {"kind": "certificate", "status": "Failed"})]
ACTION = "Get15118EVCertificate"


def car_bench():
    bench = Bench(config=dict(CONFIG)).booted()
    bench.answers[ACTION] = {"status": "Accepted", "exiResponse": "QUJD"}
    return bench


def asks(bench, evse=1, **message):
    bench.station.ev_message(evse, message, bench.now_ms)
    return bench.pump()


def wrong(bench, **message):
    """What the ValueError says."""
    try:
        bench.station.ev_message(1, message, bench.now_ms)
    except ValueError as e:
        assert bench.pump() == [] and bench.actions("ev_answer") == []
        return str(e)
    raise AssertionError(message)


def test_a_message_that_is_wrong_names_its_field_and_changes_nothing():
    bench = car_bench()
    assert wrong(bench).startswith("kind: certificate, contract") and wrong(bench, kind="other").startswith("kind: ")
    assert wrong(bench, **dict(EXI, action="Delete")) == "action: Install or Update"
    for text in ("", "x" * 51):
        assert wrong(bench, **dict(EXI, schema=text)) == "schema: a text of 1 to 50 ASCII characters"
    for text in ("", "A" * 5601):
        assert wrong(bench, **dict(EXI, exi=text)) == "exi: a text of 1 to 5600 ASCII characters"
    for text in ("", "x" * 5501):
        assert wrong(bench, kind="contract", chain=text) == "chain: a text of 1 to 5500 ASCII characters"
    assert "PEM blocks" in wrong(bench, kind="contract", chain="x")
    for text in ("", "00" * 31):
        assert wrong(bench, kind="sign", digest=text) == "digest: a text of 64 ASCII characters"
    assert wrong(bench, kind="sign", digest="0g" * 32) == "digest: 64 hexadecimal digits"


def test_a_field_of_another_type_is_refused_by_its_name():
    bench = car_bench()
    good = (EXI, {"kind": "contract", "chain": "x", "emaid": "DE-1"}, {"kind": "sign", "digest": "00" * 32})
    for message in good:
        for field in sorted(message):
            for odd in (None, 5, True, ["a"], {"a": 1}, b"gA==", "\u00e9" * 6):
                assert wrong(bench, **dict(message, **{field: odd})).startswith(field + ": "), (field, odd)
            if field not in ("kind", "emaid"):
                assert wrong(bench, **{name: message[name] for name in message if name != field}).startswith(field + ": ")
    for odd in (None, 5, "x", [], [EXI]):
        with raises(ValueError) as e:
            bench.station.ev_message(1, odd, bench.now_ms)
        assert str(e).startswith("kind: ")


def test_a_station_without_iso_15118_takes_none():
    bench = Bench().booted()
    assert wrong(bench, **EXI) == "iso15118: not set for this site"


def test_the_longest_request_and_answer_pass():
    bench = car_bench()
    bench.answers[ACTION] = {"status": "Accepted", "exiResponse": "A" * 7500}
    assert asks(bench, **dict(EXI, schema="s" * 50, exi="B" * 5600))[0][1] == {
        "iso15118SchemaVersion": "s" * 50, "action": "Install", "exiRequest": "B" * 5600,
    }
    assert bench.actions("ev_answer") == [("ev_answer", 1, {"kind": "certificate", "status": "Accepted", "exi": "A" * 7500})]


def test_without_an_answer_that_is_one_the_car_gets_no_certificate():
    for answer in ("InternalError", {"status": "Failed", "exiResponse": ""}, {"status": "Failed"}, {"status": "Accepted"}, {}):
        bench = car_bench()
        bench.answers[ACTION] = answer
        asks(bench, **EXI)
        assert bench.actions("ev_answer") == FAILED
    bench = car_bench()
    bench.deaf = (ACTION,)
    asks(bench, **EXI)
    assert bench.actions("ev_answer") == []
    bench.advance(31000)
    assert bench.actions("ev_answer") == FAILED


def test_offline_or_switched_off_a_car_receives_an_answer_at_once():
    bench = car_bench()
    bench.set("ISO15118Ctrlr", "ContractCertificateInstallationEnabled", "false")
    assert asks(bench, **EXI) == [] and bench.actions("ev_answer") == FAILED
    bench.set("ISO15118Ctrlr", "ContractCertificateInstallationEnabled", "true")
    bench.deaf = (ACTION,)
    asks(bench, **EXI)
    bench.drop()
    bench.station.tick(bench.now_ms)
    assert bench.actions("ev_answer") == FAILED
    bench.station.ev_message(1, dict(EXI), bench.now_ms)
    assert bench.actions("ev_answer") == FAILED
    bench.deaf = ()
    assert ACTION not in [action for action, _ in bench.connect()]  # no car waits for it any more


def test_another_csms_is_not_asked_what_was_meant_for_the_former():
    bench = car_bench()
    bench.deaf = (ACTION,)
    asks(bench, **EXI)
    bench.actions()
    bench.station.change_csms(bench.now_ms)
    assert bench.actions("ev_answer") == FAILED


def test_a_newer_question_takes_the_place_of_the_one_before():
    bench = car_bench()
    bench.deaf = (ACTION,)
    asks(bench, **EXI)
    asks(bench, evse=2, **EXI)
    asks(bench, **dict(EXI, action="Update"))
    bench.deaf = ()
    bench.advance(95000)
    assert [payload["action"] for action, payload in bench.sent if action == ACTION] == ["Install", "Install", "Update"]
    assert sorted([each[1] for each in bench.actions("ev_answer")]) == [1, 2]


def flooded(ask_each_ms, answer_ms, evses=(1,)):
    """A module asks again and again while a driver comes to EVSE 2: (ms until he may charge, questions that left in 5 min)."""
    bench = car_bench()
    bench.deaf = (ACTION,)
    asked, answered, charged_ms = [], [], None
    for now_ms in range(0, 300000, 500):
        if now_ms % ask_each_ms == 0:
            for evse in evses:
                bench.station.ev_message(evse, dict(EXI), bench.now_ms)
        if now_ms == 7500:
            bench.plug(2)
            bench.card(2)
        bench.pump()
        asked += [(now_ms, frame[1]) for frame in bench.raw if frame[0] == 2 and frame[2] == ACTION]
        bench.raw[:] = []
        for at, number in asked:
            if now_ms - at >= answer_ms and number not in answered:
                answered.append(number)
                bench.station.receive(dumps([3, number, bench.answers[ACTION]]), bench.now_ms)
        if charged_ms is None and bench.may_charge(2):
            charged_ms = now_ms - 7500
        bench.advance_only(500)
    return charged_ms, len(asked)


def test_a_module_that_asks_without_end_keeps_no_driver_waiting():
    assert flooded(1000, 2000) == (2000, 43)
    for evses in ((1,), (1, 2)):
        charged_ms, count = flooded(2000, 2500, evses)
        assert charged_ms is not None and charged_ms <= 6000 and count < 90


def test_a_thousand_questions_at_once_leave_as_two():
    bench = car_bench()
    bench.deaf = (ACTION,)
    for _ in range(1000):
        bench.station.ev_message(1, dict(EXI), bench.now_ms)
    assert bench.actions("ev_answer") == []
    assert asks(bench, **dict(EXI, action="Update"))[0][0] == ACTION
    asks(bench, **dict(EXI, schema="last"))
    bench.deaf = ()
    bench.advance(60000)
    assert [payload["iso15118SchemaVersion"] for action, payload in bench.sent if action == ACTION] == [EXI["schema"], "last"]
    assert bench.actions("ev_answer") == [("ev_answer", 1, {"kind": "certificate", "status": "Accepted", "exi": "QUJD"})]


def test_without_a_V2G_certificate_there_is_nothing_to_show_or_to_sign():
    bench = car_bench()
    for message in ({"kind": "credentials"}, {"kind": "sign", "digest": "00" * 32}):
        asks(bench, **message)
        assert bench.actions("ev_answer") == [("ev_answer", 1, {"kind": message["kind"], "status": "None"})]


def test_a_V2G_certificate_whose_key_is_lost_signs_nothing():
    bench = Bench(config=dict(CONFIG))
    bench.station.documents.put("ocpp_v2g", {"own": [0, "v0"], "pending": None})
    bench.power_cycle()
    bench.station.key_door = lambda: SoftwareKeys(DocumentStore(bench.files), lambda count: bytes(range(count)))
    bench.booted()
    asks(bench, kind="sign", digest="00" * 32)
    assert bench.actions("ev_answer") == [("ev_answer", 1, {"kind": "sign", "status": "None"})]


class Chain:
    """Stands for V2GSigning: two certificates that name a responder."""

    responder = "http://ocsp.example"

    def has_chain(self):
        return True

    def chain(self):
        return [self, self]

    def chain_hashes(self):
        return [{"serialNumber": "1"}, {"serialNumber": "2"}]


def test_a_link_that_breaks_at_each_question_for_a_certificate_status_gets_it_three_times_an_hour_at_most():
    bench = car_bench()
    status = CertificateStatus(bench.station, Chain(), 0)

    def asks_and_ends(now_ms, kind, payload=None):
        call = status.pull(now_ms)
        if call is not None:
            call[2](kind, payload, now_ms)
        return call and call[1]["ocspRequestData"]["serialNumber"]

    start_ms = bench.now_ms
    assert [asks_and_ends(start_ms, "lost") for _ in range(6)] == ["1"] * 3 + [None] * 3
    later_ms = start_ms + 3600000
    assert asks_and_ends(later_ms - 1, "lost") is None
    assert [asks_and_ends(later_ms, "lost") for _ in range(3)] == ["1", None, None]
    later_ms += 3600000
    answer = {"status": "Accepted", "ocspResult": "MAMKAQA="}
    assert [asks_and_ends(later_ms, kind, answer) for kind in ("result", "lost", "lost", "result", "result")] == ["1", "2", "2", "2", None]
    assert asks_and_ends(later_ms + 3600000, "lost") is None  # all are kept


def test_without_a_car_of_that_kind_nothing_is_loaded():
    bench = car_bench()
    bench.charging()
    assert bench.station.optional.find("iso15118") is None


def answers(bench):
    return [answer for _, _, answer in bench.actions("ev_answer")]


SIGN = {"kind": "sign", "digest": "00" * 32}


def test_a_module_that_signs_without_end_gets_ten_at_once_then_one_in_5_s_and_no_other_waits_for_it():
    bench = car_bench()
    for _ in range(1000):
        asks(bench, 1, **SIGN)
    statuses = [answer["status"] for answer in answers(bench)]
    assert statuses.count("Busy") == 990 and statuses[:10] == ["None"] * 10 and bench.station.log.counters["ev_too_many"] == 990
    asks(bench, 2, **SIGN)
    assert answers(bench) == [{"kind": "sign", "status": "None"}]
    bench.now_ms += 5000
    for expected in ("None", "Busy"):
        asks(bench, 1, **SIGN)
        assert [answer["status"] for answer in answers(bench)] == [expected]


def test_schedules_are_computed_ten_times_at_once_then_once_in_5_s():
    bench = car_bench()
    for _ in range(12):
        asks(bench, 1, kind="schedules")
    assert [answer["status"] for answer in answers(bench)] == ["None"] * 10 + ["Busy"] * 2
    bench.now_ms += 5000
    asks(bench, 1, kind="schedules")
    assert answers(bench) == [{"kind": "schedules", "status": "None"}]


def test_questions_of_several_kinds_that_a_car_asks_at_once_are_all_answered():
    bench = car_bench()
    for message in ({"kind": "schedules"}, SIGN, {"kind": "credentials"}):
        bench.station.ev_message(1, dict(message), bench.now_ms)
    bench.pump()
    assert sorted([answer["kind"] for answer in answers(bench)]) == ["credentials", "schedules", "sign"]


def test_contracts_beyond_the_rate_are_rejected_before_anything_is_parsed_and_the_rate_recovers():
    bench = car_bench()
    for _ in range(2):
        for _ in range(10):
            with raises(ValueError):
                bench.station.ev_message(1, {"kind": "contract", "chain": "x"}, bench.now_ms)
        asks(bench, 1, kind="contract", chain="x")
        assert answers(bench) == [{"kind": "contract", "status": "Rejected", "reason": "TooManyAttempts"}]
        bench.now_ms += 60000


def test_the_work_of_two_cars_is_done_in_turn():
    bench, order = car_bench(), []
    block = bench.station.optional.get("iso15118", bench.now_ms)

    class Task:
        def __init__(self, evse):
            self.evse, self.left = evse, 4

        def step(self):
            order.append(self.evse)
            self.left -= 1
            return None if self.left else b"\0" * 64

    class Signing:
        """One key, and a task for each signature."""

        def __init__(self):
            self.store, self.keys, self.own = self, self, [0, "v0"]
            self.tasks = [Task(1), Task(2)]

        def sign(self, name, digest):
            return self.tasks.pop(0)

        def tick(self, now_ms):
            return None

    block.signing = Signing()
    for evse in (1, 2):
        bench.station.ev_message(evse, dict(SIGN), bench.now_ms)
    for _ in range(8):
        before = len(order)
        block.tick(bench.now_ms)
        assert len(order) == before + 1
    assert sorted(order[:2]) == [1, 2] and order == order[:2] * 4, order
