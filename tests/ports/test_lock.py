"""One controller for a data folder: who holds it, and what a dead one leaves behind."""

import os

from ampacity.base.errors import Busy
from ampacity.ports.lock import FolderLock, holder_text, is_running, own_process
from check import raises


def folder(name):
    path = "/tmp/ampacity-lock-%s-%d" % (name, int.from_bytes(os.urandom(4), "big"))
    os.mkdir(path)
    return path


def remove(path):
    os.remove(path + "/lock")
    os.rmdir(path)


def test_a_folder_is_held_until_it_is_given_back():
    path = folder("held")
    held = FolderLock(path)
    with open(path + "/lock") as file:
        assert file.read() == own_process()
    held.close()
    FolderLock(path).close()
    remove(path)


def test_a_lock_left_by_a_dead_process_is_not_effective():
    path = folder("stale")
    for stale in ("4194300 1 some-boot", "garbage", "", "1 2", own_process().split()[0] + " 1 another-boot", "x" * 5000):
        with open(path + "/lock", "w") as file:
            file.write(stale)
        held = FolderLock(path)
        with open(path + "/lock") as file:
            assert file.read() == own_process(), stale
        held.close()
    remove(path)


def test_a_process_is_known_by_its_number_its_start_and_the_start_of_the_machine():
    pid, start, boot = own_process().split()
    assert is_running(own_process())
    assert not is_running("%s %s %s" % (pid, start, "other"))
    assert not is_running("%s %d %s" % (pid, int(start) + 1, boot))
    assert not is_running("4194300 %s %s" % (start, boot))
    assert holder_text("123 4 x") == "process 123" and holder_text("") == holder_text("rubbish") == "another process"


def test_a_folder_that_cannot_be_written_to_is_an_os_error():
    with raises(OSError):
        FolderLock("/nowhere/at/all")
    assert not issubclass(Busy, OSError)
