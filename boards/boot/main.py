"""Boot stage: `main.py` of a controller. Chooses a slot, mounts the image in it, and starts the application. No update replaces it.

`/boot` has its own modules (manifest.py next to this file) and the public root keys, `/update` the records of the room `update`, `/slots` the
two slots, `/data` the data folder. The image is a file of littlefs blocks, mounted read-only at `/application`. If no slot can be started the
stage returns to the prompt of the interpreter, where `ampacity flash` finds it.
"""

import sys

APPLICATION = "/application"
IMAGE = "application.lfs"
ROOT_KEY_BYTES = 64
RESTART = 42
COUNT, BLOCK_BYTES = 4, 5  # of ioctl
BLOCK_BYTES_AT = 24  # in the first block, littlefs 2


class ImageBlocks:
    """A file as a block device that can be read."""

    def __init__(self, path):
        self._file = open(path, "rb")
        head = self._file.read(BLOCK_BYTES_AT + 4)
        self.block_bytes = int.from_bytes(head[BLOCK_BYTES_AT:], "little")
        self.blocks = self._file.seek(0, 2) // self.block_bytes

    def readblocks(self, block, buffer, offset=0):
        """Fills the buffer from a place in a block on."""
        self._file.seek(block * self.block_bytes + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        """Refused: an image does not change."""
        raise OSError(30)

    def ioctl(self, operation, _argument):
        """Number and size of the blocks."""
        return {COUNT: self.blocks, BLOCK_BYTES: self.block_bytes}.get(operation, 0)


def chosen(root):
    """The folder of the slot to start, or None. It counts a start of a slot on trial, and verifies every byte."""
    sys.path.insert(0, root + "/boot")
    from ampacity.store.disk_files import DiskFiles
    from ampacity.store.slot_files import SlotFiles
    from ampacity.update.records import Record
    from ampacity.update.slot_content import FOLDERS
    from ampacity.update.slots import Slots
    from ampacity.update.trust import TrustStore

    with open(root + "/boot/roots", "rb") as file:
        raw = file.read()
    roots = tuple([raw[at : at + ROOT_KEY_BYTES] for at in range(0, len(raw), ROOT_KEY_BYTES)])
    records = DiskFiles(root + "/update")
    boot = Slots(Record(records, "application"), SlotFiles(root + "/slots")).boot(TrustStore(Record(records, "keys"), roots))
    while not boot.step():
        pass
    return root + "/slots/" + FOLDERS[boot.slot] if boot.slot >= 0 else None


def forget(root):
    """The stage's modules leave the memory: the application brings its own under the same names."""
    for name in list(sys.modules):
        if name == "ampacity" or name.startswith("ampacity."):
            del sys.modules[name]
    sys.path.remove(root + "/boot")


def mount(folder):
    """The image of a slot becomes the first place where modules are looked for."""
    import vfs

    vfs.mount(vfs.VfsLfs2(ImageBlocks(folder + "/" + IMAGE)), APPLICATION, readonly=True)
    sys.path.insert(0, APPLICATION)


def start(root=""):
    """Runs the application until it ends; its exit status, None where there is none. root: the folder in place of /, for tests."""
    folder = chosen(root)
    forget(root)
    if folder is None:
        print("boot stage: no slot can be started; install an application: ampacity flash")
        return None
    mount(folder)
    from ampacity.roles.boot import main

    return main([root + "/data", folder[-1]])


if __name__ == "__main__" and start() == RESTART:
    import machine

    machine.reset()
