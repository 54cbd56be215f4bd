"""What displays show now, and which EVSEs are reserved, at the console of a primary."""

from helper_csms import OCPP, Csms, Line
from helper_garage import Garage, site

from ampacity.base.strict_json import dumps, loads
from ampacity.console.console import Console


def say(garage, text, role="viewer"):
    return Console(garage.primary.console).line(text, role, garage.now_us // 1000)


def ask(line, action, payload):
    """A request of the CSMS; the payload of the response."""
    line.acting.connected(line.now_ms)
    csms = Csms()
    line._talk(csms)
    line.acting.receive(dumps([2, action, action, payload]), line.now_ms)
    while True:
        text = line.acting.next(line.now_ms)[0]
        frame = loads(text)
        if frame[0] == 3:
            return frame[2]


def test_without_a_message_nothing_is_shown_and_nothing_is_loaded():
    garage = Garage(site(ocpp=OCPP))
    garage.run(2000)
    assert say(garage, "show messages") == "nothing"
    assert garage.primary.upstream.station.optional.find("display") is None
    assert "messages" not in garage.primary.console.view()
    assert say(Garage(), "show messages") == "nothing"


def test_a_message_of_the_CSMS_is_shown_on_each_display():
    line = Line({})
    info = {"id": 1, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Welcome"}}
    assert ask(line, "SetDisplayMessage", {"message": info}) == {"status": "Accepted"}
    names = [evse["name"] for evse in line.one.primary.site["evses"]]
    assert say(line.one, "show messages").split("\n") == [name + ": Welcome" for name in sorted(names + ["site"])]
    assert loads(say(line.one, "show messages --json"))["site"] == ["Welcome"]


def test_the_fallback_of_the_tariff_is_shown_where_a_driver_is():
    line = Line({})
    upstream = line.one.primary.upstream
    upstream.variable("TariffCostCtrlr", "TariffFallbackMessage", "See the sign", 0)
    assert say(line.one, "show messages") == "nothing"
    line.station.cache.put({"idToken": "A", "type": "ISO14443"}, {"status": "Accepted"}, 0)
    ask(line, "GetLocalListVersion", {})
    line.station.evse_status(1, "Available", line.now_ms)
    upstream.token(0, "A", "ISO14443", line.now_ms)
    assert say(line.one, "show messages") == line.one.primary.site["evses"][0]["name"] + ": See the sign"


def test_reserved_EVSEs_are_listed_with_the_connection():
    line = Line({})
    ask(line, "GetLocalListVersion", {})
    assert "reserved" not in say(line.one, "show ocpp")
    line.station.evse_status(1, "Available", line.now_ms)
    request = {"id": 1, "evseId": 1, "expiryDateTime": "2026-11-20T13:00:00Z", "idToken": {"idToken": "A", "type": "ISO14443"}}
    assert ask(line, "ReserveNow", request) == {"status": "Accepted"}
    assert "reserved: " + line.one.primary.site["evses"][0]["name"] in say(line.one, "show ocpp").split("\n")
