"""Boot stage: `main.py` of a controller. Chooses a slot, mounts the pack in it, and starts the application. No update replaces it.

`/boot` has its own modules (manifest.py next to this file) and the public root keys, `/update` the records of the room `update`, `/slots` the
two slots, `/data` the data folder. The image is one file, a pack, mounted read-only at `/application`. If no slot can be started the
stage returns to the prompt of the interpreter, where `ampacity flash` finds it. An application that ends starts again by a reset.
Without `/boot` there are no slots: the application is frozen into the interpreter.
"""

import gc
import os
import sys
import time
from hashlib import sha256
from io import BytesIO, StringIO

from deflate import RAW, DeflateIO

APPLICATION = "/application"
IMAGE = "application.pack"
ENTRY = "ampacity/roles/boot.mpy"  # what is imported first
FROZEN = ""  # in place of the folder of a slot
ROOT_KEY_BYTES = 64
COLLECT_BYTES = 32768  # as of the application: what lives for long stays together, and a heap in use has room for a block
RESTART = 42  # exit status of an application that asks for it
PROMPT = (None, 0, 78)  # statuses that end at the prompt: no slot, a person pressed Ctrl-C, no configuration that can be used
PAUSE_S = 3  # before the reset, for a person's Ctrl-C; pins stay as the application left them for so long
PACK, INDEX_BYTES_MAX = b"AMPK\1", 32768  # magic and format of a pack; the longest index
COPY_BYTES_MAX = 4096  # the longest block that an update takes, too
FOLDER, DEFLATED = 1, 2  # flags of an entry
A_FILE = (0x8000, 0, 0, 0, 0, 0, 0, 0, 0, 0)  # of `stat`
ENOENT, EIO, EISDIR, ENOTDIR, EINVAL, EROFS = 2, 5, 21, 20, 22, 30


class PackFiles:
    """The files of a pack (host/ampacity_host/build/pack.py) as a file system that can be read. The index is in the heap, 8 bytes a file."""

    def __init__(self, path):
        """Raises OSError for what is no pack."""
        self._path = path
        self._file = open(path, "rb")
        head = self._file.read(8)
        size = int.from_bytes(head[6:], "big") * 8
        self._index = self._file.read(min(size, INDEX_BYTES_MAX))
        if len(head) < 8 or head[:5] != PACK or len(self._index) != size or not 8 <= head[5] <= 15:
            raise OSError(EINVAL)
        self._window_bits = head[5]
        self._trouble, self._asked = None, ""  # what `stat` did not raise, and for which path

    def mount(self, readonly, mkfs):
        """Nothing to do."""

    def umount(self):
        """The pack is closed."""
        self._file.close()

    def stat(self, path):
        """Kind and size, as `os.stat` has them. Raises OSError: it is not there.

        `import` takes every error for that, and a CSMS would be told that its request is not known. What goes wrong otherwise, such as
        want of memory, therefore gives a file here, and the error when that is opened. Nothing may take memory then, not even a tuple.
        """
        if self._trouble is not None and path.startswith(self._asked):  # the same module, with .py or .mpy
            return A_FILE
        self._trouble = None
        try:
            flags, _, size = self._entry(path)
            return (0x4000 if flags & FOLDER else 0x8000, 0, 0, 0, 0, 0, size, 0, 0, 0)
        except MemoryError as error:
            self._trouble = error
        except OSError as error:
            if error.errno == ENOENT:
                raise
            self._trouble = error
        self._asked = path
        return A_FILE

    def ilistdir(self, path):
        """(name, kind, 0) of what is in a folder. Raises OSError."""
        flags, size, _ = self._entry(path)
        if not flags & FOLDER:
            raise OSError(ENOTDIR)
        names = self._content(flags, size).read().decode().split()
        return iter([(name.rstrip("/"), 0x4000 if name[-1] == "/" else 0x8000, 0) for name in names])

    def open(self, path, mode):
        """A stream with the content of a file. Raises OSError."""
        if mode.strip("bt") != "r":
            raise OSError(EROFS)
        trouble, self._trouble = self._trouble, None
        if trouble is not None and path.startswith(self._asked):
            raise trouble
        flags, size, _ = self._entry(path)
        if flags & FOLDER:
            raise OSError(EISDIR)
        content = self._content(flags, size)
        return content if "b" in mode else StringIO(content.read().decode())

    def _entry(self, path):
        """(flags, bytes as packed, bytes of the content); the pack stands at the content. Raises OSError."""
        key = sha256(path.strip("/").encode()).digest()
        low, high = 0, len(self._index) // 8
        while low < high:
            middle = (low + high) // 2
            if self._index[8 * middle : 8 * middle + 4] < key[:4]:
                low = middle + 1
            else:
                high = middle
        while self._index[8 * low : 8 * low + 4] == key[:4]:
            self._file.seek(int.from_bytes(self._index[8 * low + 4 : 8 * low + 8], "big"))
            head = self._file.read(11)
            if head[:4] == key[4:8] and len(head) == 11:
                return head[4], int.from_bytes(head[5:8], "big"), int.from_bytes(head[8:], "big")
            low += 1
        raise OSError(ENOENT)

    def _content(self, flags, size):
        """A stream of its own for each caller: over a copy of what is packed, or, where that is long, over the pack opened again.

        A heap in use may have no block for a long copy. From the file each byte is read singly, which takes longer.
        """
        if flags & DEFLATED and size > COPY_BYTES_MAX:
            pack = open(self._path, "rb")
            pack.seek(self._file.tell())
            return DeflateIO(pack, RAW, self._window_bits, True)
        packed = self._file.read(size)
        if len(packed) != size:
            raise OSError(EIO)
        return DeflateIO(BytesIO(packed), RAW, self._window_bits) if flags & DEFLATED else BytesIO(packed)


def chosen(root):
    """(folder of the slot to start, FROZEN, or None; is it on trial). It counts a start of a slot on trial, and verifies every byte."""
    try:
        os.stat(root + "/boot")
    except OSError as error:
        if error.errno != ENOENT:
            raise
        return FROZEN, False
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
    records, places = DiskFiles(root + "/update"), [root + "/slots/" + name for name in FOLDERS]
    slots = Slots(Record(records, "application"), SlotFiles(root + "/slots"))
    boot = slots.boot(TrustStore(Record(records, "keys"), roots), lambda number: flaw(places[number]))
    while not boot.step():
        pass
    return (places[boot.slot], boot.slot == slots.state.trial) if boot.slot >= 0 else (None, False)


def flaw(folder):
    """Why the image of a slot cannot be started; "" if nothing is wrong with what the stage needs of it."""
    try:
        files = PackFiles(folder + "/" + IMAGE)
    except OSError:
        return "%s cannot be mounted" % IMAGE
    try:
        files.open(ENTRY, "rb").read(1)
        return ""
    except (OSError, EOFError):
        return "%s holds no %s" % (IMAGE, ENTRY)
    finally:
        files.umount()


def forget(root):
    """The stage's modules leave the memory: the application brings its own under the same names."""
    for name in list(sys.modules):
        if name == "ampacity" or name.startswith("ampacity."):
            del sys.modules[name]
    sys.path.remove(root + "/boot")


def mount(folder):
    """The image of a slot becomes the first place where modules are looked for."""
    import vfs

    vfs.mount(PackFiles(folder + "/" + IMAGE), APPLICATION, readonly=True)
    sys.path.insert(0, APPLICATION)


def run(root, folder):
    """Runs the application in a slot, or the frozen one, until it ends; its exit status, None for no application."""
    if folder != FROZEN:
        forget(root)
    if folder is None:
        print("boot stage: no slot can be started; install an application: ampacity flash")
        return None
    if folder != FROZEN:
        mount(folder)
    from ampacity.roles.boot import main

    return main([root + "/data"] + list(folder[-1:]))


def start(reset, root=""):
    """A start of the controller, until the prompt or a reset. reset: restarts it; root: the folder in place of /, for tests.

    While a slot is on trial each end of the application, and each error, leads to a reset: after the last start of the trial the slot before
    runs again without a person. Ctrl-C in the pause before it is a person and leads to the prompt. A confirmed application ends at the prompt
    by Ctrl-C, and without a configuration that it can run on; all else restarts it as well.
    """
    on_trial, status = False, RESTART
    gc.threshold(max(COLLECT_BYTES, gc.mem_free() // 16))
    try:
        folder, on_trial = chosen(root)
        status = run(root, folder)
        if status in PROMPT and not on_trial:
            return
    except KeyboardInterrupt:
        if not on_trial:
            raise
        status = 1
    except BaseException as error:
        status = 1
        show(error)
    if status != RESTART:
        print("boot stage: the application has ended; restart in %d s, Ctrl-C: prompt" % PAUSE_S)
        time.sleep(PAUSE_S)
    reset()


def show(error):
    """The traceback, if there is memory for it."""
    try:
        sys.print_exception(error)
    except MemoryError:
        pass


if __name__ == "__main__":
    import machine

    start(machine.reset)
