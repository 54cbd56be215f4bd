"""Cards shown right after a start, the reset of one EVSE, and what is said of one that has fallen silent."""

from helper_garage import Garage, evse, site

from ampacity.evse.pending_tokens import KEEP_MS, PendingTokens
from ampacity.evse.session import PAUSED_BY_EVSE

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://127.0.0.1:9", "security_profile": 1, "password": "0123456789abcdef"}


def managed():
    """A garage with upstream that nobody answers; unknown cards are served offline."""
    return Garage(site(ocpp=dict(OCPP, config={"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"})))


def said(garage, words):
    return [text for _, _, _, text in garage.log.since(0) if words in text]


def accept(garage):
    """The CSMS accepted this station in an earlier life."""
    garage.primary.upstream.station._accepted_before = True
    return garage


def test_a_token_before_its_evse_answered_is_decided_when_it_answers():
    garage = accept(managed())
    garage.cut = True
    garage.unit.port.car = "C"
    garage.run(1000).primary.evses.token("evse-2", "CARD", "ISO14443", garage.now_us // 1000)
    garage.run(3000)
    assert said(garage, "token at evse-2: queued until the EVSE answers") and not said(garage, "refused")
    garage.cut = False
    garage.run(25000)
    assert said(garage, "token at evse-2: accepted") and garage.amps_da()[1] > 100


def test_a_token_of_an_evse_that_never_answers_is_dropped_with_the_reason():
    garage = accept(managed())
    garage.cut = True
    garage.run(1000).primary.evses.token("evse-2", "CARD", "ISO14443", garage.now_us // 1000)
    garage.run(KEEP_MS - 1000)
    assert not said(garage, "refused")
    garage.run(1500)
    assert said(garage, "token at evse-2: refused: no answer for 30 s") and garage.log.counters["cards_given_up"] == 1
    garage.cut = False
    garage.run(20000)
    assert not said(garage, "token at evse-2: accepted")


def test_a_token_of_a_known_evse_is_decided_at_once_and_a_refusal_has_its_reason():
    garage = managed().run(9000)
    garage.primary.evses.token("evse-2", "CARD", "ISO14443", garage.now_us // 1000)
    garage.run(1000)
    assert said(garage, "token at evse-2: refused: NotAcceptedYet") and not said(garage, "kept")


def test_of_two_tokens_the_later_is_kept_and_the_site_reader_waits_for_any_evse():
    cards = PendingTokens()
    cards.keep(1, "A", "Central", 0)
    cards.keep(1, "B", "Central", 10)
    cards.keep(None, "C", "Central", 10)
    assert cards.take(lambda index: False, 20) == []
    assert cards.take(lambda index: index is None, 30) == [(None, "C", "Central", False)]
    assert cards.take(lambda index: False, KEEP_MS + 9) == []
    assert cards.take(lambda index: False, KEEP_MS + 10) == [(1, "B", "Central", True)]
    assert cards.take(lambda index: True, KEEP_MS + 10) == []


def test_the_reset_of_an_evse_ends_its_session_and_no_other():
    garage = Garage().run(9000)
    garage.port.car = garage.unit.port.car = "C"
    garage.run(20000)
    assert min(garage.amps_da()) > 60
    garage.primary.reset("Immediate", 1, garage.now_us // 1000)
    garage.run(5000)
    assert garage.amps_da()[0] == 0 and garage.amps_da()[1] > 60 and garage.platform.resets == []
    assert said(garage, "evse evse-1: reset") and garage.view("evse-1")["status"] == "Ended"
    garage.primary.reset("Immediate", 2, garage.now_us // 1000)
    garage.run(5000)
    assert garage.amps_da() == [0, 0] and garage.view("evse-2")["status"] == "Ended"
    garage.port.car = garage.unit.port.car = "A"
    garage.run(3000)
    garage.port.car = garage.unit.port.car = "C"
    garage.run(70000)
    assert min(garage.amps_da()) > 60


def test_a_silent_evse_is_soon_shown_as_unavailable_and_its_car_as_suspended():
    garage = Garage().run(9000)
    garage.port.car = garage.unit.port.car = "C"
    garage.run(20000)
    assert garage.view("evse-2")["status"] == "Charging"
    garage.cut = True
    garage.run(10000)
    assert garage.view("evse-2")["status"] == "Unavailable" and garage.primary.evses.sessions[1].charging_state == PAUSED_BY_EVSE
    garage.cut = False
    garage.run(60000)
    assert garage.view("evse-2")["status"] == "Charging" and garage.amps_da()[1] > 60


def test_the_station_knows_which_cables_are_tethered():
    garage = Garage(site(ocpp=OCPP, evses=[
        evse("evse-1", "local", watchdog_ms=1000, watchdog_tolerance_ms=100, watchdog_fixed=True, power_on_source="documented", transit_ms=0),
        evse("evse-2", "ampacity", bus=0, unit=2, connector="sType2"),
    ]))  # fmt: skip
    assert [evse.tethered for evse in garage.primary.upstream.station.evses] == [True, False]
