"""Answers of a CSMS of a later version, or with fields of its own: nothing that the station does not know makes a delivered message undelivered."""

from station_bench import ACCEPTED, Bench, events, names, payloads

from ampacity.base.wallclock import format_iso

NEW_WORD = "NewWordOfALaterVersion"


def enriched(answer):
    return dict(answer, surelyNoField={"a": [1, None]}, customData={"noVendor": 1}, statusInfo="no object")


class LaterBench(Bench):
    """Its CSMS puts fields into each answer that OCPP 2.0.1 does not have, or has otherwise."""

    def answer_to(self, action, payload):
        return enriched(super().answer_to(action, payload))


def test_unknown_fields_of_any_answer_are_ignored():
    bench = LaterBench()
    bench.station.report_start(bench.now_ms)
    bench.connect()
    bench.plug()
    bench.card()
    bench.state("Charging")
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    bench.unplug()
    sent = bench.sent + bench.advance(3 * 3600000)
    assert bench.station.accepted() and bench.station.queue.count == 0
    for action in ("BootNotification", "Authorize", "SecurityEventNotification"):
        assert names(sent).count(action) == 1, action
    numbers = [payload["seqNo"] for payload in payloads(sent, "TransactionEvent")]
    assert numbers == list(range(len(numbers))) and len(numbers) >= 3  # none was sent again
    assert "ocpp_errors" not in bench.log.counters


def test_fields_below_the_first_level_may_be_unknown_too():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": enriched(ACCEPTED["idTokenInfo"])}
    bench.plug()
    bench.card()
    assert bench.may_charge()


def test_an_identifier_with_an_unknown_status_is_not_accepted_and_its_event_is_delivered():
    for action in ("Authorize", "TransactionEvent"):
        bench = Bench().booted()
        bench.answers[action] = {"idTokenInfo": {"status": NEW_WORD}}
        bench.plug()
        sent = bench.card() + bench.advance(3600000)
        assert not bench.may_charge(), action
        numbers = [payload["seqNo"] for payload in payloads(sent, "TransactionEvent")]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else action == "Authorize", (action, numbers)
        assert bench.station.queue.count == 0 and "ocpp_errors" not in bench.log.counters, action


def test_an_unknown_format_of_a_message_does_not_matter():
    bench = Bench().booted()
    bench.answers["TransactionEvent"] = dict(ACCEPTED, updatedPersonalMessage={"format": NEW_WORD, "content": "hello"})
    bench.charging()
    assert bench.station.queue.count == 0 and bench.may_charge()


def test_a_word_of_endless_length_is_refused():
    bench = Bench().booted()
    bench.answers["Authorize"] = {"idTokenInfo": {"status": "x" * 51}}
    bench.plug()
    bench.card()
    assert bench.log.counters["ocpp_errors"] == 1 and not bench.may_charge()


def test_an_unknown_status_of_a_BootNotification_is_no_answer():
    bench = Bench()
    bench.answers["BootNotification"] = {"currentTime": format_iso(bench.unix_ms), "interval": 5, "status": NEW_WORD}
    bench.connect()
    assert not bench.station.accepted() and names(bench.advance(50000)) == []
    del bench.answers["BootNotification"]
    assert "BootNotification" in names(bench.advance(25000)) and bench.station.accepted()


def test_what_decides_something_is_still_checked():
    for answer in ({"idTokenInfo": {}}, {"idTokenInfo": "Accepted"}, {"totalCost": "3.50"}, {"updatedPersonalMessage": {"format": "UTF8"}}):
        bench = Bench().booted()
        bench.answers["TransactionEvent"] = answer
        bench.plug()
        started = events(bench.card())
        assert bench.log.counters["ocpp_errors"] == 1 and bench.station.queue.count == 1, answer
        bench.answers["TransactionEvent"] = bench.judge
        assert events(bench.advance(61000)) == started == [("Started", "Authorized")] and bench.station.queue.count == 0, answer


def test_requests_of_the_CSMS_stay_strict():
    bench = Bench().booted()
    assert bench.call("Reset", {"type": "OnIdle", "surelyNoField": 1}) == "FormatViolation"
    assert bench.call("Reset", {"type": NEW_WORD}) == "PropertyConstraintViolation"
