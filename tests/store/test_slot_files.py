"""The files of update slots on a real folder."""

import os

from ampacity.store.slot_files import SlotFiles
from check import raises


class Folder:
    """A folder of one test's own, gone afterwards."""

    def __enter__(self):
        self.path = "/tmp/ampacity-slots-%d" % int.from_bytes(os.urandom(4), "big")
        os.mkdir(self.path)
        return self.path

    def __exit__(self, kind, error, trace):
        clear(self.path)


def clear(path):
    for name in os.listdir(path):
        below = path + "/" + name
        if os.stat(below)[0] & 0x4000:
            clear(below)
        else:
            os.remove(below)
    os.rmdir(path)


def test_files_in_folders_are_appended_to_read_in_parts_listed_and_removed():
    with Folder() as path:
        files = SlotFiles(path + "/slots")
        assert files.size("a/x") is None and files.list("a") == []
        files.append("a/lib/deep/x.mpy", b"one ")
        files.append("a/lib/deep/x.mpy", b"two")
        files.sync("a/lib/deep/x.mpy")
        files.append("a/.manifest", b"")
        files.append("b/y", b"z")
        again = SlotFiles(path + "/slots")
        assert again.size("a/lib/deep/x.mpy") == 7 and again.size("a/.manifest") == 0
        assert again.part("a/lib/deep/x.mpy", 2, 3) == b"e t" and again.part("a/lib/deep/x.mpy", 5, 100) == b"wo"
        assert again.list("a") == ["a/.manifest", "a/lib/deep/x.mpy"] and again.list("b") == ["b/y"]
        again.remove("a/lib/deep/x.mpy")
        again.remove("a/lib/deep/x.mpy")
        again.remove("c/d/e")
        assert again.list("a") == ["a/.manifest"]


def test_a_name_stays_below_the_folder():
    with Folder() as path:
        files = SlotFiles(path)
        for name in ("", "/x", "../x", "a/../x", "a//x", "a/.", "."):
            for call in (files.size, files.remove, files.sync, files.list):
                with raises(ValueError):
                    call(name)
            with raises(ValueError):
                files.append(name, b"x")
            with raises(ValueError):
                files.part(name, 0, 1)


def test_what_the_system_refuses_is_its_error():
    with Folder() as path:
        files = SlotFiles(path)
        files.append("a", b"file")
        with raises(OSError):
            files.append("a/x", b"a file in the place of a folder")
        with raises(OSError):
            files.part("none", 0, 1)
