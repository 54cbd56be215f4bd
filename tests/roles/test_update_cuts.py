"""The power is cut in every write of an update that a role takes by its console: the controller starts, and the update ends as it should."""

import sys
from binascii import b2a_base64, hexlify
from hashlib import sha256

from helper_updates import PIECE, release

from ampacity.base.clock import Clock
from ampacity.base.errors import Rejected
from ampacity.base.log import Log
from ampacity.bus.leases.register_table import UPDATE_AT, UPDATE_ORDER_AT
from ampacity.bus.leases.update_window import ACTIVATE, BEGIN, CHECKING, DATA, READY, RECEIVING, UpdateWindow, order, state_and_next
from ampacity.console.transfer import Transfer
from ampacity.roles.updates.secondary_updates import SecondaryUpdates
from ampacity.roles.updates.updater import Updater
from ampacity.update.install import Install
from ampacity.update.manifest import APPLICATION, Device
from ampacity.update.records import Record
from ampacity.update.slot_state import NONE
from ampacity.update.slots import Slots
from ampacity.update.trial import BUS, SAFETY_LOOP
from ampacity.update.trust import TrustStore
from update.helper_bundle import RELEASE, ROOT, SPARE_ROOT, STRANGER, key_list
from update.helper_medium import AFTER, BEFORE, TORN, Medium, PowerCut

DEEP = ("test_a_controller_starts_after_a_cut_in_every_write_of_an_update",)
FACTS = (SAFETY_LOOP, BUS)


class Still(Clock):
    """A clock that the test moves."""

    ms = 1000

    def now_ms(self):
        return self.ms

    def now_us(self):
        return self.ms * 1000


class MediumPlaces:
    """The places of a controller on a medium in memory, after its boot stage."""

    root = ""

    def __init__(self, medium):
        self.tree = medium
        self.trust = TrustStore(Record(medium, "keys"), (ROOT.public, SPARE_ROOT.public))
        self.slots = Slots(Record(medium, "application"), medium)
        self.device = Device("ampacity", "board-a", "SN-1", 1 << 20)
        boot = self.slots.boot(self.trust)
        while not boot.step():
            pass
        self.slot = boot.slot
        self.version = boot.manifest.version if boot.manifest else None

    def measure(self):
        """The size of the slots does not change."""


def done(task):
    while not task.step():
        pass


def new_medium():
    """A controller from the factory, with release 1."""
    medium = Medium()
    places = MediumPlaces(medium)
    done(places.trust.offer(key_list(1)))
    taking, data = Install({APPLICATION: places.slots}, places.trust, places.device), release(1)
    while not taking.ready:
        if taking.step() and not taking.ready:
            taking.write(taking.offset, data[taking.offset :])
    places.slots.activate(places.trust)
    places.slots.confirm(0)
    medium.writes = 0
    return medium


class Life:
    """One start of the controller: its updater, until it asks for a restart or nothing is left to do."""

    def __init__(self, medium):
        self.clock = Still()
        self.places = MediumPlaces(medium)
        assert self.places.slot != NONE, "nothing can be started"
        self.updater = Updater(self.places, Log(), self.clock, FACTS, "/nowhere", False)

    def run(self, data, facts):
        """Pushes the bundle unless it runs or was rolled back; True: a restart is wanted."""
        updater = self.updater
        if updater.trial is None and not updater.ready_text() and not updater.slots.state.outcome:
            self.push(data)
        for _ in range(5000):
            self.clock.ms += 200
            updater.step(list(facts), "", self.clock.ms)
            if updater.wants_restart:
                return True
            if updater.trial is None and not updater.ready_text():
                return False
        raise AssertionError("the update does not end")

    def push(self, data):
        say = Transfer({"bundle": self.updater.open_sink}).command
        answer = say(["begin", "bundle", str(len(data)), str(hexlify(sha256(data).digest()), "ascii")], self.clock.ms)
        while answer[:7] == "offset ":
            at = int(answer[7:])
            self.clock.ms += 50
            if at >= len(data):
                self.updater.step([], "", self.clock.ms)
                answer = say(["end"], self.clock.ms)
            else:
                answer = say(["data", str(at), str(b2a_base64(data[at : at + PIECE]), "ascii").strip()], self.clock.ms)
                self.updater.step([], "", self.clock.ms)


class Stub:
    """As much of a secondary as its updates look at."""

    def __init__(self):
        self.map = self.evse = self
        self.engine = None
        self.ticked_ms = 0
        self.charging = False


class BusLife(Life):
    """The same, of a secondary: the bundle comes in orders of its register window, and is tried on an order."""

    def __init__(self, medium):
        self.clock = Still()
        self.places = MediumPlaces(medium)
        assert self.places.slot != NONE, "nothing can be started"
        self.updates = SecondaryUpdates(Stub(), self.places, "/nowhere", Log(), self.clock)
        self.updater = self.updates.updater

    def push(self, data):
        unit = UpdateWindow(self.updates)
        assert unit.write(UPDATE_ORDER_AT, order(BEGIN, len(data))) == 0
        state, at = state_and_next(unit.read(UPDATE_AT, 3))
        while state in (RECEIVING, CHECKING):
            if at < len(data):
                unit.write(UPDATE_ORDER_AT, order(DATA, at, data[at : at + 48]))
            self.clock.ms += 50
            self.updater.step([], "", self.clock.ms)
            state, at = state_and_next(unit.read(UPDATE_AT, 3))
        assert state == READY, state

    def run(self, data, facts):
        if self.updater.trial is None and not self.updater.ready_text() and not self.updater.slots.state.outcome:
            self.push(data)
        if self.updater.trial is None and self.updater.ready_text():
            assert UpdateWindow(self.updates).write(UPDATE_ORDER_AT, order(ACTIVATE, 2)) == 0
            return True
        return super().run(data, facts)


def campaign(medium, data, facts, kind=Life):
    """Lives until the update has ended; what runs then."""
    life = kind(medium)
    while life.run(data, facts if life.places.version != "1.0" else FACTS):
        life = kind(medium)
    return life.places.version


def clear_outcome(medium):
    """The result of the factory's own installation is forgotten: `Life.run` pushes where there is none."""
    slots = Slots(Record(medium, "application"), medium)
    slots.state.outcome = ""
    slots.save()
    medium.writes = 0
    return medium


def cut_in(step, facts, wanted, kind=Life):
    data = release(2, size=9000)
    whole = clear_outcome(new_medium())
    assert campaign(whole, data, facts, kind) == wanted
    for n in range(1, whole.writes + 1, step):
        for mode in (BEFORE, AFTER, TORN):
            medium = clear_outcome(new_medium())
            medium.cut(n, mode)
            try:
                campaign(medium, data, facts, kind)
                raise AssertionError("there is no write %d" % n)
            except PowerCut:
                pass
            assert Life(medium).places.version in ("1.0", "2.0"), (n, mode)
            assert campaign(medium, data, facts, kind) == wanted, (n, mode)
    return whole.writes


def test_a_controller_starts_after_a_cut_in_every_write_of_an_update():
    assert cut_in(1, FACTS, "2.0") > 12
    assert cut_in(1, (SAFETY_LOOP,), "1.0") > 25
    assert cut_in(1, FACTS, "2.0", BusLife) > 12
    assert cut_in(1, (SAFETY_LOOP,), "1.0", BusLife) > 25


def test_a_controller_starts_after_a_cut_in_a_sample_of_the_writes_of_an_update():
    step = 7 if sys.implementation.name == "micropython" else 3
    cut_in(step, FACTS, "2.0")
    cut_in(step, (SAFETY_LOOP,), "1.0")
    cut_in(step, FACTS, "2.0", BusLife)


def test_security_events_of_an_update_are_reported():
    medium = clear_outcome(new_medium())
    refused = ((RELEASE.kid, "InvalidFirmwareSignature"), (None, "InvalidFirmwareSigningCertificate"))
    for data, event in [(release(2, None, STRANGER, kid), event) for kid, event in refused]:
        life = Life(medium)
        try:
            life.push(data)
            raise AssertionError("taken")
        except Rejected:
            pass
        life.updater.step([], "", life.clock.ms)
        assert [kind for kind, _ in life.updater.reports] == [event], life.updater.reports
    medium = clear_outcome(new_medium())
    life = Life(medium)
    assert life.run(release(2), FACTS)
    life = Life(medium)
    assert not life.run(b"", FACTS)
    assert life.updater.reports == [("FirmwareUpdated", "confirmed: 2.0")]


def test_a_medium_that_refuses_ends_the_transfer_and_a_second_one_succeeds():
    medium = clear_outcome(new_medium())
    life = Life(medium)
    data = release(2, size=9000)
    medium.refuses = True
    try:
        life.push(data)
        raise AssertionError("taken")
    except (OSError, Rejected):
        pass
    medium.refuses = False
    life.push(data)
    assert life.updater.ready_text()[:12] == "2.0 is ready"
