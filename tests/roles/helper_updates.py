"""The garage of helper_garage as a controller with two slots on a folder: its boot stage chooses, its role delivers and tries."""

import os
from binascii import b2a_base64, hexlify
from hashlib import sha256

from helper_garage import Garage
from helper_secondary import Unit

from ampacity.console.console import Console
from ampacity.roles.updates.places import Places
from ampacity.roles.updates.secondary_updates import SecondaryUpdates
from ampacity.update.install import Install
from ampacity.update.manifest import APPLICATION
from ampacity.update.slot_content import FOLDERS
from update.helper_bundle import RELEASE, ROOT, SPARE_ROOT, bundle, content, key_list

PIECE = 360


def release(sequence, changes=None, signer=RELEASE, kid=None, size=5000):
    """A bundle of version `sequence`.0 for board-a."""
    fields = {5: "%d.0" % sequence, 6: sequence, 7: sequence - 1}
    fields.update(changes or {})
    return bundle([("application.pack", content(sequence, size))], fields, signer, kid)


def clear(path):
    """Remove a folder with all in it."""
    for name in os.listdir(path):
        if os.stat(path + "/" + name)[0] & 0x4000:
            clear(path + "/" + name)
        else:
            os.remove(path + "/" + name)
    os.rmdir(path)


def put(path, data):
    """Write a file; its folder may be missing."""
    try:
        os.mkdir(path.rpartition("/")[0])
    except OSError:
        pass
    with open(path, "wb") as file:
        file.write(data)


class Root:
    """The folder of a new controller that runs release 1, gone afterwards. `boot()`: the letter of the slot that its boot stage starts."""

    def __enter__(self):
        self.path = "/tmp/ampacity-root-%d" % int.from_bytes(os.urandom(4), "big")
        os.mkdir(self.path)
        put(self.path + "/boot/roots", ROOT.public + SPARE_ROOT.public)
        put(self.path + "/identity/identity.json", b'{"format":1,"serial":"SN-1","board":"board-a","variant":""}')
        places = Places(self.path, "", "")
        self.run(places.trust.offer(key_list(1)))
        taking = Install({APPLICATION: places.slots}, places.trust, places.device)
        data = release(1)
        while not taking.ready:
            if taking.step() and not taking.ready:
                taking.write(taking.offset, data[taking.offset :])
        places.slots.activate(places.trust)
        places.slots.confirm(0)
        return self

    def __exit__(self, kind, error, trace):
        clear(self.path)

    def boot(self):
        places = Places(self.path, "", "")
        boot = places.slots.boot(places.trust)
        self.run(boot)
        assert boot.slot >= 0, "nothing can be started"
        self.version = boot.manifest.version
        return FOLDERS[boot.slot]

    @staticmethod
    def run(task):
        while not task.step():
            pass


class UpdatingGarage(Garage):
    """`power_on()`: the boot stage, then the role. `follow()`: as often as the controller asks for a restart."""

    def __init__(self, root, facts=None):
        self.root = root
        super().__init__(facts)

    def start(self, **boot):
        super().start(update=self.root.path, slot=self.root.boot())
        self.console = Console(self.primary.console)
        return self

    @property
    def updater(self):
        return [part for part in self.primary.parts if hasattr(part, "load")][0].updater

    @property
    def runs(self):
        return self.root.version

    def say(self, text):
        return self.console.line(text, "installer", self.now_us // 1000)

    def show(self):
        return self.primary.view()["update"]

    def push(self, data, most=None, name="bundle"):
        """What `ampacity bundle push` does; the answer to its `end`. most: lines of data until the cable is pulled."""
        lines = 0
        answer = self.say("transfer begin %s %d %s" % (name, len(data), str(hexlify(sha256(data).digest()), "ascii")))
        while answer[:7] == "offset ":
            at = int(answer[7:])
            if at >= len(data):
                answer = self.say("transfer end")
                if answer[:7] == "offset ":
                    self.run(200)
                continue
            if most is not None and lines >= most:
                return at
            lines += 1
            answer = self.say("transfer data %d %s" % (at, str(b2a_base64(data[at : at + PIECE]), "ascii").strip()))
            if answer == "offset %d" % at:
                self.run(200)
        return answer

    def follow(self, seconds=1200):
        """Runs on, with every restart that is asked for, until nothing changes any more or the time is over."""
        for _ in range(seconds):
            self.run(1000)
            if self.platform.resets:
                self.start()
            elif "trial" not in self.show() and "waits" not in self.show():
                break
        return self


class BusGarage(UpdatingGarage):
    """The secondary of the garage has two slots of its own; `unit_root`: its folder. `unit_start()`: its boot stage, then its role."""

    def __init__(self, root, unit_root, facts=None):
        self.unit_root = unit_root
        super().__init__(root, facts)
        self.exchanges = []
        self.unit_start()

    def unit_start(self):
        now_ms = self.unit.now_ms
        files, port = self.unit.files, self.unit.port
        self.unit = Unit(files)
        self.unit.port = self.unit.secondary.evse.port = port
        port.on_input = self.unit.secondary.tick
        self.unit.now_ms = now_ms
        self.unit.secondary.engine = self.unit.engine
        places = Places(self.unit_root.path, self.unit_root.boot(), "")
        self.unit_updates = SecondaryUpdates(self.unit.secondary, places, "/nowhere", self.unit.log, self.platform.clock)
        self.unit.secondary.updates = self.unit_updates
        self.unit_silent = False
        return self

    def _tick(self):
        super()._tick()
        if self.now_us // 20000 % 10 == 0 and self.unit_updates.step(self.unit.now_ms):
            self.unit_start()

    def staged(self, seconds=600):
        """Runs until the secondary is ready, or it is over; what `secondaries` says."""
        for _ in range(seconds):
            self.run(1000)
            text = self.say("secondaries")
            if "receiving" not in text and "checking" not in text and "queued" not in text and "waiting" not in text:
                break
        return text
