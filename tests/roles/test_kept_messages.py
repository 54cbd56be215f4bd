"""Between the start of the hardware watchdog and its first feed no message that waits for the CSMS is read, however many there are."""

from helper_csms import OCPP
from helper_garage import START_MS, HandPlatform, site

from ampacity.base.log import Log
from ampacity.base.strict_json import dumps
from ampacity.roles import boot
from ampacity.store.journal import Journal
from ampacity.store.memory_files import MemoryFiles
from check import raises

MANY = 2000
TX = "00000001-0001-abcd-01234567"


class Fed(Exception):
    """The safety loop has fed the watchdog."""


class CountedFiles(MemoryFiles):
    """`messages`: bytes of the queue that were read since the watchdog runs; None: it does not."""

    messages = None

    def read(self, name):
        data = super().read(name)
        if self.messages is not None and name.startswith("ocpp."):
            self.messages += len(data)
        return data


class Watchdog:
    armed = True

    def feed(self):
        raise Fed()


class Platform(HandPlatform):
    """Its watchdog runs from `start` on."""

    def look(self, line):
        pass

    async def start(self):
        self.files.messages = 0
        self.watchdog = Watchdog()


def message(n):
    payload = {"eventType": "Updated" if n else "Started", "triggerReason": "MeterValuePeriodic", "seqNo": n, "evse": {"id": 1, "connectorId": 1},
               "transactionInfo": {"transactionId": TX, "chargingState": "Charging"}}
    return dumps({"a": "TransactionEvent", "p": payload, "t": 1795176000000 + n, "b": 1, "x": TX}).encode()


def files_with(count, files=None):
    files = files or CountedFiles()
    journal = Journal(files, "ocpp", size_max=1 << 22)
    for n in range(count):
        journal.append(message(n), durable=False)
    journal.commit()
    return files


class WornFiles(CountedFiles):
    """It lists its files and gives the content of none in the middle."""

    unreadable = ""

    def part(self, name, at, size):
        if name == self.unreadable:
            raise OSError(5, "worn")
        return super().part(name, at, size)


async def started(files):
    """The platform of a controller that was started, as on a board, until the watchdog was fed."""
    platform = Platform(files, START_MS, {})
    make, boot.make_platform = boot.make_platform, lambda folder, facts: platform
    try:
        with raises(Fed):
            await boot.run_role("", {}, site(ocpp=dict(OCPP, storage_kib=4096)), Log())
    finally:
        boot.make_platform = make
    return platform


async def test_two_thousand_messages_are_not_read_while_the_watchdog_waits_for_its_first_feed():
    files = files_with(MANY)
    platform = await started(files)
    assert files.messages == 0
    queue = platform.role.upstream.station.queue
    assert queue.count == MANY + 1 and queue.waiting == {TX: MANY}  # and the event of this start
    assert platform.role.upstream.transaction(0) == TX and platform.kept is None
    assert queue.fill() < 500  # storage_kib is that of the site


async def test_the_next_start_finds_what_this_one_added():
    files = files_with(3)
    await started(files)
    files.messages = None
    platform = await started(files)
    assert platform.role.upstream.station.queue.count == 5 and files.messages == 0


async def test_a_medium_that_does_not_give_a_file_of_messages_does_not_keep_the_controller_from_its_start():
    files = files_with(100, WornFiles())
    files.unreadable = "ocpp.2"
    platform = await started(files)
    queue = platform.role.upstream.station.queue
    assert 50 < queue.count < 101
    assert [line for line in platform.role.log.since(0) if "kept events in 1 files cannot be read" in line[3]]
