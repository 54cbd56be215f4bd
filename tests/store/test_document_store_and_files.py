"""Settings, and the files doors below: in memory, on a real folder, and on a bad day."""

import os

from ampacity.store import disk_files
from ampacity.store import file_permissions as private
from ampacity.store.disk_files import READ_MAX, DiskFiles
from ampacity.store.document_store import DocumentStore
from ampacity.store.faulty_files import FaultyFiles
from ampacity.store.journal import Journal
from ampacity.store.memory_files import MemoryFiles, PowerCut
from check import raises

TREE = {"a": [1, 2.5, None, True], "b": {"text": "\u00e9\n"}}


class Folder:
    """A folder of one test's own, gone afterwards."""

    def __enter__(self):
        self.path = "/tmp/ampacity-store-%d" % int.from_bytes(os.urandom(4), "big")
        os.mkdir(self.path)
        return self.path

    def __exit__(self, kind, error, trace):
        for name in os.listdir(self.path):
            os.remove(self.path + "/" + name)
        os.rmdir(self.path)


def test_a_document_is_read_back_and_replaced_as_a_whole():
    documents = DocumentStore(MemoryFiles())
    assert documents.get("ocpp") is None and documents.get("ocpp", 7) == 7
    documents.put("ocpp", TREE)
    assert documents.get("ocpp") == TREE and documents.names() == ["ocpp"]
    documents.put("ocpp", [])
    assert documents.get("ocpp") == []
    documents.remove("ocpp")
    documents.remove("ocpp")
    assert documents.names() == []


def test_the_same_value_again_wears_no_flash():
    files = MemoryFiles()
    documents = DocumentStore(files)
    documents.put("x", {"b": 1, "a": 2})
    before = files.writes
    documents.put("x", {"a": 2, "b": 1})
    assert files.writes == before


def test_power_cut_in_a_put_leaves_the_old_or_the_new():
    seen = []
    for seed in range(1, 21):
        files = MemoryFiles(seed)
        DocumentStore(files).put("x", "old")
        files.cut_at_write(1)
        with raises(PowerCut):
            DocumentStore(files).put("x", "new")
        with raises(PowerCut):
            files.append("dead", b"")
        seen.append(DocumentStore(files.restart()).get("x"))
    assert sorted(set(seen)) == ["new", "old"]


def test_a_damaged_document_counts_as_missing_and_is_named():
    for raw in (b"", b"0", b"garbage!\n{}", b"00000000\n{}", b"\xff" * 20):
        files = MemoryFiles()
        files.replace("x.set", raw)
        documents = DocumentStore(files)
        assert documents.get("x", "default") == "default" and documents.damaged == ["x"]
        documents.put("x", 5)
        assert documents.get("x") == 5 and documents.damaged == []


class Refusing(MemoryFiles):
    """A medium that refuses one file for as long as `refused` names it."""

    refused = "trusted.set"

    def replace(self, name, data):
        if name == self.refused:
            raise OSError(5, "worn")
        MemoryFiles.replace(self, name, data)


def vanishes(files, name):
    """Is it seen, in the next life, that this document was there and is gone?"""
    files.remove(name + ".set")
    documents = DocumentStore(files, trusted=("a", "b"))
    return documents.get(name) is None and documents.damaged == [name]


def test_names_that_a_medium_refuses_are_written_with_the_next_document_without_loss():
    for then in ("a", "b", "other"):
        files = Refusing()
        documents = DocumentStore(files, trusted=("a", "b"))
        documents.put("a", TREE)
        assert documents.get("a") == TREE and documents.damaged == [] and DocumentStore(files).get("a") == TREE
        documents.put("other", 1)
        assert files.read("trusted.set") is None
        files.refused = None
        documents.put(then, TREE)
        assert documents.get("a") == TREE and vanishes(files, "a"), then


def test_damaged_names_are_reported_once_and_written_again_from_the_documents_that_there_are():
    for raw in (b"", b"\xff" * 20, of(None), of({}), of([1])):
        files = MemoryFiles()
        DocumentStore(files, trusted=("a", "b")).put("a", TREE)
        files.replace("trusted.set", raw)
        for expected in (["trusted"], []):
            told = []
            documents = DocumentStore(files, trusted=("a", "b"))
            documents.declare(lambda name: "[s40*99]" if name == "trusted" else None, lambda name, why, told=told: told.append(name))
            assert told == expected == documents.damaged and documents.get("a") == TREE, raw
            documents.put("other", expected)
            assert documents.damaged == []
        assert vanishes(files, "a"), raw


def of(value):
    """A document with the right checksum."""
    files = MemoryFiles()
    DocumentStore(files).put("x", value)
    return files.read("x.set")


def test_names_that_could_not_be_imported_at_the_start_are_written_with_the_next_document():
    files = Refusing()
    DocumentStore(files).put("a", TREE)
    documents = DocumentStore(files, trusted=("a", "b"))
    files.refused = None
    documents.put("other", 1)
    assert vanishes(files, "a")


def test_a_document_that_is_not_json_or_too_long_is_refused():
    documents = DocumentStore(MemoryFiles())
    with raises(ValueError):
        documents.put("x", b"bytes")
    with raises(ValueError):
        documents.put("x", "y" * 70000)
    assert documents.get("x") is None


def exercise(files):
    """What every files door does."""
    assert files.read("f") is None
    files.append("f", b"one ")
    files.sync("f")
    files.append("f", b"two")
    assert files.read("f") == b"one two"
    files.replace("g", b"whole")
    files.replace("g", b"new")
    files.append("g", b"er")
    files.sync("g")
    assert files.read("g") == b"newer" and files.list() == ["f", "g"]
    files.remove("f")
    files.remove("f")
    assert files.read("f") is None and files.list() == ["g"]
    files.append("f", b"again")
    files.sync("f")
    assert files.read("f") == b"again"
    for i in range(8):
        files.append("n%d" % i, b"x")
        files.append("n0", b"y")
    assert files.read("n0") == b"x" + b"y" * 8 and len(files.list()) == 10


def test_files_in_memory():
    exercise(MemoryFiles())


def test_files_in_a_folder_and_what_they_hold_after_a_restart():
    with Folder() as path:
        files = DiskFiles(path)
        exercise(files)
        files.close()
        with open(path + "/half.new", "wb") as file:
            file.write(b"unfinished")
        again = DiskFiles(path)
        assert again.read("g") == b"newer" and again.read("f") == b"again"
        assert "half.new" not in os.listdir(path) and len(again.list()) == 10


def mode(path):
    return os.stat(path)[0] & 0o777


def test_only_its_owner_can_read_what_is_kept_from_the_first_byte_on():
    with Folder() as path:
        store = path + "/store"
        files = DiskFiles(store)
        assert mode(store) == 0o700
        files.append("journal.1", b"x")
        files.replace("access.set", b"y")
        assert mode(store + "/journal.1") == mode(store + "/access.set") == 0o600
        files.close()
        for name in files.list():
            files.remove(name)
        os.rmdir(store)


def test_files_that_an_earlier_version_left_readable_are_restricted_at_the_start():
    with Folder() as path:
        with open(path + "/access.set", "wb") as file:
            file.write(b"secret")
        assert mode(path) & 0o077 and mode(path + "/access.set") & 0o077
        files = DiskFiles(path)
        assert mode(path) == 0o700 and mode(path + "/access.set") == 0o600
        assert files.read("access.set") == b"secret" and files.trouble is None


def without_modes(number):
    """A DiskFiles on a folder whose medium keeps no modes: it refuses with that number, or (None) takes them and keeps none."""

    def keeps_none(path, mode):
        if number is not None:
            raise OSError(number, path)

    kept, private._change = private._change, keeps_none
    try:
        with Folder() as path:
            for name in ("access.set", "half.new"):
                with open(path + "/" + name, "wb") as file:
                    file.write(b"secret")
            files = DiskFiles(path)
            files.replace("f", b"new")
            files.append("g", b"more")
            files.sync("g")
            files.close()
            return files, [files.read(name) for name in ("access.set", "f", "g")], os.listdir(path)
    finally:
        private._change = kept


def test_a_medium_without_modes_is_used_and_reported_as_readable_by_others():
    for number in (1, 95, None):
        files, kept, names = without_modes(number)
        assert files.trouble is None and "other users can read" in files.exposed
        assert kept == [b"secret", b"new", b"more"] and "half.new" not in names


def test_a_read_only_medium_differs_from_a_medium_without_modes():
    files, _, _ = without_modes(30)
    assert "30" in files.trouble and files.exposed is None


def test_a_file_name_stays_in_its_folder():
    with Folder() as path:
        files = DiskFiles(path)
        for name in ("../x", "a/b", "", ".", ".."):
            with raises(ValueError):
                files.append(name, b"x")


def test_a_file_that_has_grown_beyond_all_that_is_kept_is_not_read_as_a_whole():
    with Folder() as path:
        DocumentStore(DiskFiles(path)).put("x", TREE)
        with open(path + "/x.set", "r+b") as file:
            file.seek(READ_MAX + 100000)
            file.write(b"!")
        files = DiskFiles(path)
        assert len(files.read("x.set")) == READ_MAX
        documents = DocumentStore(files)
        assert documents.get("x") is None and documents.damaged == ["x"] and not documents.unread
        documents.put("x", TREE)
        assert DocumentStore(files).get("x") == TREE


def test_links_to_nothing_do_not_hide_what_is_kept():
    with Folder() as path:
        Journal(DiskFiles(path), "tx").append(b"kept")
        for name, target in (("stray", "/nowhere/to/be/found"), ("circle", "circle")):
            assert os.system("ln -s %s %s/%s" % (target, path, name)) == 0
        files = DiskFiles(path)
        assert files.trouble is None and files.list() == ["tx.1"]
        assert [data for _, data in Journal(files, "tx").records()] == [b"kept"]


class Listing:
    """What `os` of MicroPython says of a folder with many files; `looks`: at single ones."""

    def __init__(self):
        self.looks = []

    def ilistdir(self, _folder):
        return iter([("tx.%d" % n, 0x8000, n) for n in range(1, 500)] + [("below", 0x4000, 0), ("tx.1.new", 0x8000, 0), ("odd", 0, 0)])

    def stat(self, path):
        self.looks.append(path.split("/")[-1])
        return (0x4000,)


def test_a_list_of_many_files_looks_only_at_those_of_which_the_folder_does_not_say_what_they_are():
    """On a board each look at a file searches the folder."""
    with Folder() as path:
        files, listing = DiskFiles(path), Listing()
        own, disk_files.os = disk_files.os, listing
        try:
            names = files.list()
        finally:
            disk_files.os = own
        assert names == sorted(["tx.%d" % n for n in range(1, 500)]) and sorted(listing.looks) == ["below", "odd"]


def test_a_journal_and_settings_on_a_real_folder():
    with Folder() as path:
        journal = Journal(DiskFiles(path), "tx", 20000, 400)
        for i in range(60):
            journal.append(b"record %02d" % i)
            if i % 3 == 0:
                journal.drop_to(i // 2)
        DocumentStore(DiskFiles(path)).put("x", TREE)
        again = Journal(DiskFiles(path), "tx", 20000, 400)
        assert [data for _, data in again.records()] == [b"record %02d" % i for i in range(28, 60)]
        assert DocumentStore(DiskFiles(path)).get("x") == TREE


class Died(Exception):
    pass


def die():
    raise Died()


def test_a_process_killed_in_any_write_to_a_folder_keeps_what_was_acknowledged():
    with Folder() as path:
        kept = []
        for n in range(1, 30):
            disk = DiskFiles(path)
            files = FaultyFiles(disk, die, None, seed=n)
            journal = Journal(files, "tx", 20000, 300)
            found = [data for _, data in journal.records()]
            assert found[: len(kept)] == kept and len(found) <= len(kept) + 1
            kept = found
            files.cut_at_write(n)
            with raises(Died):
                for i in range(100):
                    journal.append(b"%d/%d" % (n, i))
                    kept.append(b"%d/%d" % (n, i))
            disk.close()


def test_a_full_or_slow_medium_is_reported():
    waited = []
    files = FaultyFiles(MemoryFiles(), die, waited.append)
    journal = Journal(files, "tx")
    journal.append(b"a")
    files.full = True
    with raises(OSError) as e:
        journal.append(b"b")
    assert e.error.args[0] == 28
    with raises(OSError):
        DocumentStore(files).put("x", 1)
    files.full, files.slow_ms = False, 300
    assert journal.append(b"c") == 2 and sum(waited) >= 600
    assert [data for _, data in journal.records()] == [b"a", b"c"]
