"""A record of two files: the old or the new content after any cut."""

from helper_medium import AFTER, BEFORE, TORN, Medium, PowerCut

from ampacity.update.records import Record
from check import raises


def test_what_was_saved_is_loaded():
    medium = Medium()
    record = Record(medium, "r")
    assert record.load() is None and not record.damaged
    for content in (b"one", b"", b"three" * 100):
        record.save(content)
        again = Record(medium, "r")
        assert again.load() == content
        record = again


def test_a_cut_in_each_of_many_writes_leaves_the_old_or_the_new():
    for mode in (BEFORE, AFTER, TORN):
        medium = Medium()
        record = Record(medium, "r")
        before = None
        for i in range(20):
            content = b"%d" % i * 10
            medium.cut(1, mode)
            with raises(PowerCut):
                record.save(content)
            medium.cut(0, mode)
            record = Record(medium, "r")
            found = record.load()
            assert found == (content if mode == AFTER else before)
            record.save(content)
            before = content


def test_no_changed_byte_passes():
    medium = Medium()
    Record(medium, "r").save(b"content")
    whole = medium.kept["r.0"]
    for at in range(len(whole)):
        for bit in range(8):
            changed = bytearray(whole)
            changed[at] ^= 1 << bit
            medium.kept["r.0"] = bytes(changed)
            record = Record(medium, "r")
            assert record.load() is None and record.damaged, (at, bit)
    for size in range(len(whole)):
        medium.kept["r.0"] = whole[:size]
        assert Record(medium, "r").load() is None


def test_a_write_that_did_not_arrive_is_an_error():
    medium = Medium()
    record = Record(medium, "r")
    medium.replace = lambda name, data: None
    with raises(OSError):
        record.save(b"x")


def test_a_file_that_cannot_be_read_leaves_the_other():
    medium = Medium()
    record = Record(medium, "r")
    record.save(b"one")
    record.save(b"two")
    read = medium.read

    def worn(name):
        if name == "r.1":
            raise OSError(5, "worn")
        return read(name)

    medium.read = worn
    record = Record(medium, "r")
    assert record.load() == b"one" and record.damaged


def test_a_record_has_a_largest_size():
    with raises(ValueError):
        Record(Medium(), "r").save(bytes(16385))
