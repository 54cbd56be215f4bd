"""A whole update on a real folder, with the doors that a controller has."""

import os

from helper_bundle import bundle, content
from helper_controller import Controller

from ampacity.store.disk_files import DiskFiles
from ampacity.store.slot_files import SlotFiles


class Disk:
    """Both doors on one folder, gone afterwards."""

    def __enter__(self):
        self.path = "/tmp/ampacity-update-%d" % int.from_bytes(os.urandom(4), "big")
        os.mkdir(self.path)
        self.start()
        return self

    def start(self):
        files, tree = DiskFiles(self.path + "/store"), SlotFiles(self.path + "/slots")
        self.read, self.replace = files.read, files.replace
        self.size, self.part, self.append, self.sync, self.list, self.remove = tree.size, tree.part, tree.append, tree.sync, tree.list, tree.remove

    def __exit__(self, kind, error, trace):
        clear(self.path)


def clear(path):
    for name in os.listdir(path):
        if os.stat(path + "/" + name)[0] & 0x4000:
            clear(path + "/" + name)
        else:
            os.remove(path + "/" + name)
    os.rmdir(path)


def release(sequence):
    return bundle([("app.py", b"VERSION = %d\n" % sequence), ("lib/data", content(sequence, 20000))], {5: "%d.0" % sequence, 6: sequence})


def test_two_updates_on_a_folder():
    with Disk() as disk:
        controller = Controller(disk)
        for sequence in (1, 2, 3):
            controller.receive(release(sequence))
            controller.slots.activate(controller.trust)
            disk.start()
            controller = Controller(disk)
            assert controller.live(1000) == "confirmed" and controller.runs == "%d.0" % sequence
        disk.start()
        controller = Controller(disk)
        assert controller.runs == "3.0" and controller.slot == 0 and controller.slots.state.slots[1].version == "2.0"
        with open(disk.path + "/slots/a/app.py") as file:
            assert file.read() == "VERSION = 3\n"


def test_an_interrupted_update_is_continued_after_a_restart():
    with Disk() as disk:
        controller = Controller(disk)
        data = release(1)
        taking = controller.install()
        while taking.offset < len(data) - 9000:
            if taking.step():
                taking.write(taking.offset, data[taking.offset : taking.offset + 500])
        disk.start()
        controller = Controller(disk)
        taking = controller.install()
        given = 0
        while not taking.ready:
            if taking.step() and not taking.ready:
                given += taking.write(taking.offset, data[taking.offset : taking.offset + 500])
        assert given < len(data) - 8000
