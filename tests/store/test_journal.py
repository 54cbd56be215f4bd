"""The journal: nothing acknowledged is ever lost, whatever the power does."""

from scripts import Day, live_through

from ampacity.base.rng import Rng
from ampacity.store.journal import SEGMENT_BYTES, Journal
from ampacity.store.memory_files import MemoryFiles, PowerCut
from check import raises


def texts(journal):
    return [bytes(data) for _, data in journal.records()]


def test_records_are_in_order_after_a_restart():
    files = MemoryFiles()
    journal = Journal(files, "tx")
    assert [journal.append(b"a"), journal.append(b""), journal.append(b"c" * 5000)] == [1, 2, 3]
    again = Journal(files, "tx")
    assert list(again.records()) == [(1, b"a"), (2, b""), (3, b"c" * 5000)]
    assert again.append(b"d") == 4 and again.oldest() == (1, b"a") and len(again) == 4


def test_dropped_records_stay_dropped_and_numbers_continue():
    files = MemoryFiles()
    journal = Journal(files, "tx")
    for i in range(10):
        journal.append(b"%d" % i)
    journal.drop_to(4)
    assert Journal(files, "tx").first == 5
    journal.drop_to(99)
    again = Journal(files, "tx")
    assert list(again.records()) == [] and again.oldest() is None and len(again) == 0
    assert again.append(b"next") == 11


def test_records_can_be_read_from_a_number_on():
    journal = Journal(MemoryFiles(), "tx", 20000, 100)
    for i in range(40):
        journal.append(b"%d" % i)
    assert [seq for seq, _ in journal.records(38)] == [38, 39, 40]
    journal.drop_to(39)
    assert [seq for seq, _ in journal.records(2)] == [40]


def test_the_medium_never_holds_more_than_a_little_beyond_what_is_live():
    files = MemoryFiles()
    journal = Journal(files, "tx", 20000, 400)
    for i in range(500):
        journal.append(b"x" * 40)
        journal.drop_to(i - 2)
    assert journal.size() < 1000 and len(files.list()) <= 3


def test_a_full_journal_refuses_clearly_and_keeps_what_it_has():
    journal = Journal(MemoryFiles(), "tx", size_max=2000, segment_bytes=400)
    with raises(OSError) as e:
        for _ in range(100):
            journal.append(b"x" * 50)
    assert e.error.args[0] == 28 and "full at 2000" in str(e)
    held = journal.last
    assert held > 20 and len(journal) == held
    journal.drop_to(15)
    assert journal.append(b"again") == held + 1


def test_a_log_drops_its_oldest_entries_and_counts_them():
    journal = Journal(MemoryFiles(), "log", size_max=2000, segment_bytes=400, oldest_goes=True)
    for i in range(200):
        journal.append(b"%03d" % i + b"x" * 40)
    assert journal.size() <= 2000 and journal.pushed_out == 200 - len(journal)
    assert texts(journal)[-1][:3] == b"199" and len(journal) > 20


def test_a_full_medium_refuses_loses_nothing_and_dropping_makes_room():
    files = MemoryFiles(bytes_max=1500)
    journal = Journal(files, "tx", 20000, 300)
    sent = []
    with raises(OSError) as e:
        for i in range(100):
            journal.append(b"%02d" % i + b"x" * 40)
            sent.append(b"%02d" % i + b"x" * 40)
    assert e.error.args[0] == 28 and texts(journal) == sent
    with raises(OSError):
        journal.append(b"x" * 40)
    assert texts(Journal(files, "tx", 20000, 300)) == sent
    journal.drop_to(12)
    assert journal.append(b"fits again") == len(sent) + 1
    assert texts(Journal(files, "tx", 20000, 300)) == sent[12:] + [b"fits again"]


class RefusesSync:
    """A medium whose sync fails when told to."""

    def __init__(self):
        self.files = MemoryFiles()
        self.broken = False

    def __getattr__(self, name):
        return getattr(self.files, name)

    def sync(self, name):
        if self.broken:
            raise OSError(5, "sync failed")
        self.files.sync(name)


def test_a_record_whose_sync_failed_is_not_there_and_its_number_is_used_again():
    files = RefusesSync()
    journal = Journal(files, "tx")
    journal.append(b"one")
    files.broken = True
    for _ in range(5):
        with raises(OSError):
            journal.append(b"not")
    assert texts(journal) == [b"one"]
    files.broken = False
    assert journal.append(b"two") == 2
    assert texts(journal) == [b"one", b"two"] == texts(Journal(files, "tx"))
    assert len(files.list()) <= 2


def test_records_without_commit_are_read_at_once_and_safe_after_it():
    files = MemoryFiles()
    journal = Journal(files, "tx")
    journal.append(b"a", durable=False)
    journal.append(b"b", durable=False)
    assert texts(journal) == [b"a", b"b"] and files.syncs == 0
    journal.commit()
    journal.commit()
    assert files.syncs == 1


def test_two_journals_share_a_folder():
    files = MemoryFiles()
    a, b = Journal(files, "a"), Journal(files, "a.b")
    a.append(b"1")
    b.append(b"2")
    assert texts(Journal(files, "a")) == [b"1"] and texts(Journal(files, "a.b")) == [b"2"]


def test_a_flipped_bit_costs_no_more_than_its_file_and_is_counted():
    files = MemoryFiles()
    journal = Journal(files, "tx", 20000, 200)
    for i in range(30):
        journal.append(b"%02d" % i)
    name = files.list()[1]
    data = bytearray(files.read(name))
    data[60] ^= 4
    files.replace(name, data)
    again = Journal(files, "tx", 20000, 200)
    found = texts(again)
    assert again.damaged > 0 and 15 < len(found) < 30 and found == sorted(found) and found[-1] == b"29"
    assert again.append(b"30") == 31


def test_a_file_of_garbage_is_survived():
    rng = Rng(5)
    for _ in range(100):
        files = MemoryFiles()
        for n in range(3):
            files.replace("tx.%d" % (n + 1), rng.bytes(rng.below(100)))
        journal = Journal(files, "tx")
        assert texts(journal) == []
        journal.append(b"fine")
        assert texts(Journal(files, "tx")) == [b"fine"]


def test_a_record_may_be_64_kib_and_no_more():
    journal = Journal(MemoryFiles(), "tx", 200000)
    journal.append(bytes(65535))
    with raises(ValueError):
        journal.append(bytes(65536))
    assert len(journal) == 1


def test_a_day_without_a_power_cut_reads_as_written():
    day = Day(11)
    for _ in range(400):
        day.step()
        day.check_live()
    assert day.files.writes > 200


def test_power_cut_at_every_write_of_a_script_loses_nothing_acknowledged():
    writes = live_through(1, 60, 0)
    assert writes > 60
    for cut_at in range(1, writes + 1):
        live_through(1, 60, cut_at)


def test_power_cuts_again_and_again_through_long_random_scripts():
    for seed in range(2, 22):
        assert live_through(seed, 150, 1 + seed) > seed


def test_power_cut_while_starting_up_loses_nothing():
    for seed in range(30):
        day = Day(100 + seed)
        day.files.cut_at_write(20 + seed)
        try:
            while True:
                day.step()
        except PowerCut:
            pass
        for cut_at in (1, 1, 2, 1):
            day.files.restart()
            day.files.cut_at_write(cut_at)
            try:
                day.open()
            except PowerCut:
                pass
        day.check_after_cut()
        assert day.files.writes > seed


def thin(journal, keep):
    """All records through `keep`, as far as the power lasts."""
    start = 1
    while start:
        start = journal.rewrite(start, keep)


def test_a_rewrite_changes_and_removes_records_and_keeps_their_order():
    files = MemoryFiles()
    journal = Journal(files, "tx", 20000, 200)
    for i in range(40):
        journal.append(b"%02d" % i + b"x" * 10)
    journal.drop_to(5)
    size, count = journal.size(), len(files.list())
    thin(journal, lambda seq, data: None if seq % 3 else data[:2])
    wanted = [(seq, b"%02d" % (seq - 1)) for seq in range(6, 41) if seq % 3 == 0]
    assert list(journal.records()) == wanted and list(Journal(files, "tx", 20000, 200).records()) == wanted
    assert journal.size() < size // 3 and len(files.list()) < count // 2
    assert journal.append(b"new") > 40 - 3
    journal.drop_to(12)
    journal.append(b"newer")
    left = [data for _, data in wanted if int(data) >= 12] + [b"new", b"newer"]
    assert texts(journal) == left == texts(Journal(files, "tx", 20000, 200))


def test_a_rewrite_that_joins_files_keeps_each_record_where_the_lengths_agree():
    files = MemoryFiles()
    journal = Journal(files, "tx", 16384, 1024)
    for i in range(4):  # two in each file
        journal.append(b"%d" % i + b"x" * 480)
    journal.drop_to(1)  # of two alike one goes from the first file, and one comes from the second
    assert journal.rewrite(3, lambda seq, data: data if seq == 4 else None) == 0
    assert [seq for seq, _ in journal.records()] == [2, 4] == [seq for seq, _ in Journal(files, "tx", 16384, 1024).records()]


def test_a_rewrite_that_joins_files_keeps_the_mark_of_what_was_dropped():
    files = MemoryFiles()
    journal = Journal(files, "tx", 4096, 400)
    for i in range(11):
        journal.append(b"%03d" % i + b"x" * 60)
    start = journal.rewrite(journal.rewrite(1, lambda seq, data: data), lambda seq, data: data)
    journal.drop_to(1)  # its mark is in the newest file, whose only record goes
    assert journal.rewrite(start, lambda seq, data: None) == 0
    assert [seq for seq, _ in journal.records()] == list(range(2, 11)) == [seq for seq, _ in Journal(files, "tx", 4096, 400).records()]


def test_a_rewrite_of_everything_away_leaves_an_empty_journal():
    files = MemoryFiles()
    journal = Journal(files, "tx", 20000, 200)
    for i in range(40):
        journal.append(b"%02d" % i)
    thin(journal, lambda seq, data: None)
    assert texts(journal) == [] and len(files.list()) == 1
    journal.append(b"new")
    assert texts(journal) == [b"new"] == texts(Journal(files, "tx", 20000, 200))


def test_a_rewrite_without_room_changes_nothing():
    files = MemoryFiles()
    journal = Journal(files, "tx", 20000, 200)
    for i in range(40):
        journal.append(b"%02d" % i)
    before = texts(journal)
    files.bytes_max = journal.size()
    with raises(OSError):
        thin(journal, lambda seq, data: data + b"y" * 30)
    assert texts(journal) == before


def test_a_power_cut_in_a_rewrite_leaves_each_record_once_as_it_was_or_as_it_is():
    cut_at = 0
    cut = True
    while cut:
        cut_at += 1
        files = MemoryFiles(cut_at)
        journal = Journal(files, "tx", 20000, 200)
        for i in range(30):
            journal.append(b"%02d" % i + b"x" * 8)
        journal.drop_to(3)
        files.cut_at_write(cut_at)
        cut = False
        try:
            thin(journal, lambda seq, data: None if seq % 2 else data[:2])
            journal.append(b"30")
        except PowerCut:
            cut = True
        files.restart()
        again = Journal(files, "tx", 20000, 200)
        found = [int(data[:2]) for data in texts(again)]
        assert found == sorted(set(found)) and set(found) >= set(range(3, 30, 2)), (cut_at, found)
        assert all(number >= 3 for number in found)
        again.append(b"31")
        assert texts(again)[-1] == b"31"
    assert cut_at > 8


class NoLargeBlock(MemoryFiles):
    """As on a small heap in use: no more than `free` bytes at once."""

    free = 1000000

    def read(self, name):
        data = super().read(name)
        if data is not None and len(data) > self.free:
            raise MemoryError("memory allocation failed, allocating %d bytes" % len(data))
        return data

    def part(self, name, at, size):
        if size > self.free:
            raise MemoryError("memory allocation failed, allocating %d bytes" % size)
        return (MemoryFiles.read(self, name) or b"")[at : at + size]


def test_a_file_of_many_records_is_read_where_the_heap_has_no_block_for_all_of_it():
    files = NoLargeBlock()
    journal = Journal(files, "tx")
    wanted = [bytes((i,)) * (i * 7 % 600) for i in range(1, 60)]
    for data in wanted:
        journal.append(data)
    files.free = 1024
    assert texts(journal) == wanted and journal.oldest() == (1, wanted[0])
    assert [data for _, data in journal.records(50)] == wanted[49:]
    files.free = 3100
    journal.append(b"x" * 3000)  # one record larger than a piece
    journal.append(b"y")
    assert texts(journal) == wanted + [b"x" * 3000, b"y"]


class Worn(MemoryFiles):
    """`unreadable`: a name whose content it does not give any more."""

    unreadable = None

    def part(self, name, at, size):
        if name == self.unreadable:
            raise OSError(5, "worn")
        return super().part(name, at, size)

    def read(self, name):
        if name == self.unreadable:
            raise OSError(5, "worn")
        return super().read(name)


def test_records_of_a_file_that_the_medium_does_not_give_are_skipped_and_the_others_are_there():
    files = Worn()
    journal = Journal(files, "tx", 20000, 200)
    for n in range(30):
        journal.append(b"%d" % n)
    assert journal.unread == 0
    files.unreadable = "tx.2"
    for again, twice in ((journal, 1), (Journal(files, "tx", 20000, 200), 1)):
        found = [int(data) for _, data in again.records()]
        assert 10 < len(found) < 29 and found == sorted(found) and found[0] == 0 and found[-1] == 29
        assert again.unread == twice
        assert again.append(b"more") in (31, 32)


def test_records_end_before_a_torn_one_wherever_the_pieces_end():
    for cut in (1, 5, 11, 30):
        for size in (1, 400, 1000, 1013, 1014, 1024, 2000):
            files = MemoryFiles()
            journal = Journal(files, "tx", segment_bytes=SEGMENT_BYTES)
            for _ in range(3):
                journal.append(b"a" * size)
            torn = files.read("tx.1")[:-cut]
            if cut < len(torn) and size >= cut and 3 * size + 60 < SEGMENT_BYTES:
                files.replace("tx.1", torn)
                assert texts(journal) == [b"a" * size] * 2, (cut, size)
                assert texts(Journal(files, "tx")) == [b"a" * size] * 2
