"""Who may charge at a managed EVSE is the station's to say: the session asks it, and keeps no second answer of its own."""

from helper_garage import Garage, site

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://127.0.0.1:9", "security_profile": 1, "password": "0123456789abcdef"}
OFFLINE = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}


def managed(**config):
    """A garage with a station upstream that nobody answers; a card is accepted offline."""
    settings = dict(OFFLINE)
    for name in config:
        settings[name.replace("__", ".")] = config[name]
    return accepted(Garage(site(ocpp=dict(OCPP, config=settings)))).run(9000)


def accepted(garage):
    """The CSMS accepted this station in an earlier life."""
    garage.primary.upstream.station._accepted_before = True
    return garage


def card(garage, name="evse-2"):
    garage.primary.evses.token(name, "CARD", "ISO14443", garage.now_us // 1000)


def switch(garage, name, operative):
    return garage.primary.upstream.station.availability.change(name, operative, garage.now_us // 1000)


def test_a_transaction_that_outlives_a_pulled_plug_charges_again_when_the_car_is_back():
    garage = managed(TxCtrlr__TxStopPoint="Authorized", TxCtrlr__StopTxOnEVSideDisconnect="false")
    garage.unit.port.car = "C"
    garage.run(3000)
    card(garage)
    garage.run(20000)
    transaction = garage.view("evse-2")["transaction"]
    assert transaction and garage.amps_da()[1] > 60
    garage.unit.port.car = "A"
    garage.run(5000)
    assert garage.amps_da()[1] == 0 and garage.view("evse-2")["transaction"] == transaction
    garage.unit.port.car = "C"
    garage.run(30000)
    assert garage.view("evse-2")["transaction"] == transaction
    assert garage.amps_da()[1] > 60 and garage.view("evse-2")["status"] == "Charging"


def test_the_stop_button_before_the_plug_also_withdraws_the_authorisation_at_the_csms():
    garage = managed()
    card(garage)
    garage.run(1000)
    assert garage.view("evse-2")["status"] == "Authorized"
    garage.primary.evses.button("evse-2", "stop", garage.now_us // 1000)
    garage.run(1000)
    assert garage.view("evse-2")["status"] == "Available"
    garage.unit.port.car = "C"
    garage.run(20000)
    assert garage.view("evse-2")["transaction"] is None and garage.amps_da()[1] == 0
    assert garage.view("evse-2")["status"] == "Plugged"


def test_an_inoperative_evse_is_shown_so_after_a_restart():
    garage = managed()
    assert switch(garage, "2", False) == "Accepted"
    garage.run(1000)
    assert garage.view("evse-2")["status"] == "Unavailable"
    garage.start()
    garage.run(12000)
    assert garage.view("evse-2")["status"] == "Unavailable" and garage.view("evse-1")["status"] == "Available"


def test_a_car_plugged_in_while_inoperative_charges_when_the_evse_is_operative_again():
    garage = managed(AuthCtrlr__Enabled="false")
    switch(garage, "2", False)
    garage.unit.port.car = "C"
    garage.run(20000)
    assert garage.amps_da()[1] == 0 and garage.view("evse-2")["status"] == "Unavailable"
    switch(garage, "2", True)
    garage.run(20000)
    assert garage.amps_da()[1] > 60 and garage.view("evse-2")["status"] == "Charging"


def test_every_state_of_a_session_maps_to_ocpp():
    from ampacity.evse import session
    from ampacity.ocpp.evse import CHARGING_STATES, STOPPED_REASONS

    assert sorted(CHARGING_STATES) == sorted(session.CHARGING_STATES)
    reasons = [session.STOP_BUTTON, session.EMERGENCY_STOP, session.RESET] + [reason for _words, reason in session.ENDING_FAULTS]
    assert sorted(STOPPED_REASONS) == sorted(set(reasons))


class Shown:
    """A session as the view sees it."""

    def __init__(self, phase, **facts):
        self.phase = phase
        self.fault, self.lost, self.operative, self.charging_state = None, False, True, "connected"
        for name in facts:
            setattr(self, name, facts[name])


def test_the_view_is_derived_from_the_session_state():
    from ampacity.evse.session import CHARGING, PAUSED_BY_EV
    from ampacity.roles.service.status_view import shown_status

    for wanted, session in (
        ("Available", Shown("idle")),
        ("Authorized", Shown("authorised")),
        ("Plugged", Shown("plugged")),
        ("Charging", Shown("active", charging_state=CHARGING)),
        ("Suspended", Shown("active", charging_state=PAUSED_BY_EV)),
        ("Ended", Shown("ended")),
        ("Unavailable", Shown("active", lost=True)),
        ("Unavailable", Shown("idle", operative=False)),
        ("Unavailable", Shown("active", operative=False, charging_state=CHARGING)),
        ("Faulted", Shown("active", fault="rcm", lost=True, operative=False)),
    ):
        assert shown_status(session) == wanted, (wanted, session.phase)


def locked_in(**config):
    """Charging at a socket of the primary: the plug is held."""
    facts = site(ocpp=dict(OCPP, config=dict(OFFLINE, **{name.replace("__", "."): config[name] for name in sorted(config)})))
    facts["evses"][0]["connector"] = "sType2"
    garage = accepted(Garage(facts))
    garage.port.pp_ohm = 220
    garage.run(9000)
    garage.port.car = "C"
    garage.run(1000)
    card(garage, "evse-1")
    garage.run(12000)
    assert garage.port.contactor and garage.port.lock
    return garage


def test_E06_FR_10_E07_FR_07_and_E08_FR_03_a_stop_lets_the_plug_of_a_socket_go():
    for stop in ("card", "remote"):
        garage = locked_in()
        station = garage.primary.upstream.station
        if stop == "card":
            card(garage, "evse-1")
        else:
            station.transactions.deauthorize(station.evse(1), "RemoteStop", "Remote", garage.now_us // 1000)
        garage.run(9000)
        assert not garage.port.contactor and not garage.port.lock
        card(garage, "evse-1")
        garage.run(12000)
        assert garage.port.contactor and garage.port.lock  # the same car again, without a new plug


def test_E05_FR_11_a_refused_identifier_leaves_the_plug_held_until_the_car_lets_it_go():
    """Also C15.FR.05: the cable stays locked."""
    garage = locked_in()
    station = garage.primary.upstream.station
    station.transactions.deauthorize(station.evse(1), "Deauthorized", "DeAuthorized", garage.now_us // 1000)
    garage.run(9000)
    assert not garage.port.contactor and garage.port.lock
    garage.port.car = "A"
    garage.run(1000)
    assert not garage.port.lock
