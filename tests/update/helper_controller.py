"""A controller with two slots on a medium, as the boot stage and a role will hold it."""

from helper_bundle import ROOT, SPARE_ROOT, key_list

from ampacity.update.install import Install
from ampacity.update.manifest import APPLICATION, CONFIGURATION, Device
from ampacity.update.records import Record
from ampacity.update.slot_state import NONE
from ampacity.update.slots import Slots
from ampacity.update.trial import BUS, OCPP, SAFETY_LOOP, Trial
from ampacity.update.trust import TrustStore

FACTS = (SAFETY_LOOP, BUS, OCPP)


def finish(task):
    """Step a task to its end; how many slices it took."""
    n = 1
    while not task.step():
        n += 1
    return n


class Controller:
    """What a start of the controller makes of the medium. `runs`: the version that was started, None: none can be."""

    def __init__(self, medium, keys=True):
        self.medium = medium
        self.trust = TrustStore(Record(medium, "keys"), (ROOT.public, SPARE_ROOT.public))
        if keys and self.trust.counter == 0:
            finish(self.trust.offer(key_list(1)))
        self.slots = Slots(Record(medium, "application"), medium)
        self.settings = Slots(Record(medium, "configuration"), medium)
        self.device = Device("ampacity", "board-a", "SN-1", 1 << 20)
        boot = self.slots.boot(self.trust)
        finish(boot)
        self.slot, self.manifest = boot.slot, boot.manifest
        self.runs = boot.manifest.version if boot.manifest else None
        on_trial = self.slot != NONE and self.slot == self.slots.state.trial
        self.trial = Trial(self.slots, FACTS, self.manifest.floor, 0) if on_trial else None

    def install(self):
        return Install({APPLICATION: self.slots, CONFIGURATION: self.settings}, self.trust, self.device)

    def receive(self, data, piece=1000):
        """A whole bundle through the intake; the Install, ready."""
        taking = self.install()
        feed(taking, data, piece)
        return taking

    def live(self, seconds, facts=FACTS):
        """Some time of the trial, in virtual seconds; its outcome."""
        for second in range(seconds):
            for fact in facts:
                self.trial.saw(fact, second * 1000)
            if self.trial.step(second * 1000):
                break
        return self.trial.outcome

    def update(self, data):
        """Install, try and confirm; the controller after it."""
        self.receive(data)
        self.slots.activate(self.trust)
        again = Controller(self.medium)
        again.live(1000)
        return again


def feed(taking, data, piece=1000):
    """Give a bundle to an Install until it is ready. A bundle that ends too early is an AssertionError."""
    while not taking.ready:
        waits = taking.step()
        if waits and not taking.ready:
            assert taking.offset < len(data), "the bundle ends at byte %d" % len(data)
            taking.write(taking.offset, data[taking.offset : taking.offset + piece])
    if taking.offset < len(data):
        taking.write(taking.offset, data[taking.offset :])
