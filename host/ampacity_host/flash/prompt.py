"""Files of a controller at the prompt of its interpreter: copied in blocks, compared by SHA-256 on both sides, continued after a pulled cable."""

from binascii import b2a_base64
from collections.abc import Iterator
from hashlib import sha256

from ampacity_host.configure.push_pull import NoConnection, Prompt, TransferRefused
from ampacity_host.flash.jobs import CableLost, Failed, is_no_serial_device, port_is_there
from ampacity_host.progress import Progress

BLOCK_BYTES = 1536
NEW = ".new"
ROOT = "/"
LAST = "main.py"  # starts the application: written when all else is there, removed before anything is changed
FOLDERS = ("boot", "slots", "update")  # of which nothing else may be left; all other folders, with settings and keys, stay
HELPERS = """
import os
from binascii import a2b_base64 as _d
def _names(folder):
    try:
        entries = os.listdir(folder)
    except OSError:
        return []
    found = []
    for entry in entries:
        path = folder + '/' + entry
        found += _names(path) if os.stat(path)[0] & 0x4000 else [path]
    return found
def _clear(folder):
    try:
        entries = os.listdir(folder)
    except OSError:
        return
    for entry in entries:
        _clear(folder + '/' + entry)
    os.rmdir(folder)
def _is_frozen():
    try:
        import ampacity
        return True
    except ImportError:
        return False
def _size(name):
    try:
        return os.stat(name)[6]
    except OSError:
        return -1
def _make(name):
    parts = name.split('/')[:-1]
    for i in range(len(parts)):
        try:
            os.mkdir('/'.join(parts[:i + 1]))
        except OSError:
            pass
def _append(data):
    _file.write(_d(data))
def _hash(name):
    import hashlib
    digest, block = hashlib.sha256(), bytearray(2048)
    try:
        with open(name, 'rb') as f:
            while True:
                n = f.readinto(block)
                if not n:
                    break
                digest.update(memoryview(block)[:n])
    except OSError:
        return None
    return digest.digest()
def _place():
    try:
        s = os.statvfs('/')
        return os.getcwd(), s[1] * s[2]
    except (AttributeError, OSError):
        return os.getcwd(), -1
def _free():
    try:
        s = os.statvfs('.')
        return s[0] * s[3]
    except (AttributeError, OSError):
        return -1
"""
READ_BACK = """
import hashlib, uctypes
_digest, _at, _end = hashlib.sha256(), {start}, {end}
while _at < _end:
    _n = min(4096, _end - _at)
    _digest.update(uctypes.bytearray_at(_at, _n))
    _at += _n
print(_digest.digest())
"""


class PromptJob:
    """name: the serial device; files: path → content; code: (address, content) of the interpreter, to be read back first, or None.

    least_bytes: of the file system, for two slots; frozen: the firmware has to be in the interpreter.
    """

    def __init__(
        self, name: str, files: dict[str, bytes], code: tuple[int, bytes] | None = None, least_bytes: int = 0, frozen: bool = False
    ) -> None:
        self.name = name
        self._frozen = frozen
        self._least_bytes = least_bytes
        self._files = files
        self._code = code
        self._touched: set[str] = set()  # files that some attempt found missing
        self._sent_bytes = 0  # in all attempts

    def is_there(self) -> bool:
        """Does the device exist?"""
        return port_is_there(self.name)

    def run(self, progress: Progress) -> str:
        """Writes what is not there, and compares every file. The sentence counts all attempts."""
        try:
            with Prompt(self.name) as prompt:
                if self._code and not reads_back(prompt, *self._code):
                    raise Failed("the interpreter on it is not the one that was copied: copy it again")
                prompt.run(HELPERS)
                check_place(prompt, self._least_bytes)
                if self._frozen and not prompt.run("print(_is_frozen())"):
                    raise Failed("no firmware is frozen into its interpreter: write one with --interpreter, or an application with --bundle")
                return self._write_all(prompt, progress)
        except NoConnection as problem:
            if is_no_serial_device(self.name):
                raise Failed(f"{self.name} is no serial device") from None
            raise CableLost(str(problem)) from None
        except (SyntaxError, ValueError) as problem:  # of an answer that is not what was asked for
            raise CableLost(f"{self.name} answers with other text: {problem}") from None
        except OSError as problem:  # of the port itself, when it is closed after the cable went
            raise CableLost(f"the connection to {self.name} broke: {problem.strerror or problem}") from None
        except TransferRefused as problem:
            raise Failed(str(problem)) from None

    def _write_all(self, prompt: Prompt, progress: Progress) -> str:
        stale = [name for folder in FOLDERS for name in prompt.run(f"print(_names({folder!r}))") if name not in self._files]
        missing = self._missing(prompt, bool(stale))
        resumed = [name for name in stale if name.removesuffix(NEW) in missing]
        for name in set(stale) - set(resumed):
            remove(prompt, name)
        for folder in FOLDERS:
            if not any(name.startswith(folder + "/") for name in self._files):
                prompt.run(f"_clear({folder!r})")  # the boot stage looks whether there is one
        check_space(prompt, missing)
        self._touched.update(missing)
        whole = sum(len(data) for data in missing.values())
        done = 0
        for name in sorted(missing, key=lambda name: (name == LAST, name)):
            for at in self._write(prompt, name, missing[name]):
                progress.part(self.name, "writing", done + at, whole)
            done += len(missing[name])
        if LAST in self._files and LAST not in missing and (missing or stale):
            list(self._write(prompt, LAST, self._files[LAST]))
        self._compare(prompt)
        return f"{len(self._touched)} of {len(self._files)} files written, {self._sent_bytes} bytes sent, all read back"

    def _missing(self, prompt: Prompt, differs: bool) -> dict[str, bytes]:
        """The files that are not there. At the first difference `main.py` goes: a watchdog that resets the chip then starts nothing.

        The records of the slots are small, differ with each release, and are looked at first.
        """
        missing: dict[str, bytes] = {}
        if differs:
            remove(prompt, LAST)
        for name, data in sorted(self._files.items(), key=lambda item: len(item[1])):
            if prompt.run(f"print(_hash({name!r}))") != sha256(data).digest():
                if not missing and not differs:
                    remove(prompt, LAST)
                missing[name] = data
        return missing

    def _write(self, prompt: Prompt, name: str, data: bytes) -> Iterator[int]:
        """Writes one file; yields how far it is. A part that is there already is kept if it is the same."""
        new = name + NEW
        prompt.run(f"_make({name!r})")
        at = prompt.run(f"print(_size({new!r}))")
        if not 0 < at <= len(data) or prompt.run(f"print(_hash({new!r}))") != sha256(data[:at]).digest():
            at = 0
        prompt.run(f"_file = open({new!r}, {'ab' if at else 'wb'!r})")
        for start in range(at, len(data), BLOCK_BYTES):
            block = data[start : start + BLOCK_BYTES]
            self._sent_bytes += len(block)
            prompt.run(f"_append({b2a_base64(block, newline=False)!r})")
            yield start + len(block)
        prompt.run("_file.close()")
        if prompt.run(f"print(_hash({new!r}))") != sha256(data).digest():
            remove(prompt, new)
            raise TransferRefused(f"{name}: the controller reads back other bytes than were sent")
        remove(prompt, name)
        prompt.run(f"os.rename({new!r}, {name!r})")

    def _compare(self, prompt: Prompt) -> None:
        for name, data in self._files.items():
            if prompt.run(f"print(_hash({name!r}))") != sha256(data).digest():
                raise TransferRefused(f"{name}: the controller reads back other bytes than were sent")
        prompt.run("getattr(os, 'sync', lambda: None)()")


def remove(prompt: Prompt, name: str) -> None:
    """The file is gone; no error if there was none."""
    prompt.run(f"try:\n os.remove({name!r})\nexcept OSError:\n pass")


def check_place(prompt: Prompt, least_bytes: int) -> None:
    """Raises TransferRefused where the files would go to another place than the boot stage reads them from, or updates had no room."""
    folder, size = prompt.run("print(_place())")
    if folder != ROOT:
        raise TransferRefused(f"its files are at {folder}, and the boot stage reads them at {ROOT}: use an interpreter that mounts the file system"
                              f" of the board file at {ROOT} (docs/porting.md)")  # fmt: skip
    if 0 <= size < least_bytes:
        raise TransferRefused(f"its file system has {size // 1024} KiB, two slots need {least_bytes // 1024} KiB: is it the board that was named?")


def check_space(prompt: Prompt, files: dict[str, bytes]) -> None:
    """Raises TransferRefused where the file system is too small. Files that are replaced count as well: both are there for a moment."""
    free = prompt.run("print(_free())")
    wanted = sum(len(data) for data in files.values())
    if 0 <= free < wanted:
        raise TransferRefused(f"the file system has {free} free bytes and needs {wanted}: is it the board that was named?")


def reads_back(prompt: Prompt, address: int, data: bytes) -> bool:
    """Is this the content of the memory from an address on?"""
    found = prompt.run(READ_BACK.format(start=address, end=address + len(data)))
    return bool(found == sha256(data).digest())
