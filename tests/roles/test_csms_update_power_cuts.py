"""An update that the CSMS orders, with the power cut in every write of the document that keeps the order."""

from helper_ordered import KEY, FileServer, OrderedGarage, signature, whole
from helper_updates import Root, release

from ampacity.roles.updates import download

ON_MICROPYTHON_EACH = 2
BEFORE, AFTER = "before", "after"
STATUSES = ["DownloadScheduled", "Downloading", "Downloaded", "SignatureVerified", "InstallScheduled", "Installing", "InstallRebooting", "Installed"]
ORDER = {"retrieve_s": 2, "install_s": 6}


class Cut(BaseException):
    """The power is gone: nothing that the firmware does catches it."""


class CutGarage(OrderedGarage):
    """`cut_at`: the write of the document, from 1 on, at which the power goes; `writes`: how many there were."""

    def __init__(self, root, cut_at, mode, signed=None):
        self.cut_at, self.mode, self.writes, self.signed = cut_at, mode, 0, signed
        super().__init__(root)
        replace = self.files.replace

        def cutting(name, data):
            if not name.startswith("ocpp_firmware"):
                return replace(name, data)
            self.writes += 1
            if self.writes == self.cut_at and self.mode == BEFORE:
                raise Cut
            replace(name, data)
            if self.writes == self.cut_at:
                raise Cut

        self.files.replace = cutting

    def ordered(self, url):
        """The answer; of one that is signed without the verification of its certificate."""
        if self.signed is None:
            return self.order(7, url, **ORDER)
        firmware = {"location": url, "retrieveDateTime": self.iso(2), "installDateTime": self.iso(6), "signature": self.signed}
        station = self.primary.upstream.station
        return station.firmware.request({"requestId": 7, "firmware": firmware}, KEY, self.now_us // 1000)["status"]

    def end(self):
        """The download of the controller that lost its power does nothing any more."""
        async def gone(duration_ms):
            raise OSError(5, "no power")

        self.updater.delivery.abort()
        self.platform.clock.sleep_ms = gone

    async def installs(self, url):
        """The whole order, which the CSMS sends again if it got no answer."""
        answered = False
        for _ in range(2):
            try:
                if not answered:
                    assert self.ordered(url) in ("Accepted", "AcceptedCanceled")
                    answered = True
                await self.passes(600, lambda: self.writes and not self.updater.reserved and self.runs == "2.0")
                await self.passes(20)
                return
            except Cut:
                self.end()
                self.start()
                await self.passes(3)


async def cut_at(n, mode, signed=None):
    """(how often the document was written, statuses that the CSMS got); what runs in the end is the new version."""
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = CutGarage(root, n, mode, signed)
            await garage.passes(3)
            await garage.installs(server.url)
            statuses = [status for number, status in garage.statuses if number == 7]
            assert garage.runs == "2.0" and garage.show()["result"] == "confirmed: 2.0", (n, statuses, garage.show())
            assert garage.trigger() == [(None, "Idle")]
            return garage.writes, statuses


def once(statuses):
    """Each status once, where the one that was under way when the power was cut came again."""
    return [status for i, status in enumerate(statuses) if not i or statuses[i - 1] != status]


async def test_a_cut_before_any_write_of_the_order_is_an_update_that_continues_and_every_status_is_sent():
    n, writes = 0, 1
    while n < writes:
        n += 1
        writes, statuses = await cut_at(n, BEFORE)
        assert once(statuses) == STATUSES, (n, statuses)
    assert n > 2 * len(STATUSES)


def last_order(statuses):
    """Those since the CSMS, which had got no answer, ordered it again: before or after the first download was over."""
    for replaced in ("DownloadFailed", "InstallationFailed"):
        if replaced in statuses:
            statuses = statuses[statuses.index(replaced) + 1 :]
    return statuses


async def test_a_cut_after_any_write_of_the_order_is_an_update_that_continues_and_every_status_is_sent():
    n, writes = 0, 1
    while n < writes:
        n += 1
        writes, statuses = await cut_at(n, AFTER)
        if n == 1:
            statuses = last_order(statuses)
        assert once(statuses) == STATUSES, (n, statuses)


async def test_a_signed_order_is_cut_at_any_write_and_what_it_installs_was_verified():
    download.REST_MS = 0  # time of the test goes faster than that of its sockets
    signed = signature(release(2))
    n, writes = 0, 1
    while n < writes:
        n += 1
        writes, statuses = await cut_at(n, AFTER if n % 2 else BEFORE, signed)
        statuses = last_order(statuses)
        again = len(statuses) - 1 - statuses[::-1].index("Downloading")  # an order that is cut while it downloads begins again
        expected = [each for each in STATUSES[1:] if each != "InstallScheduled" or each in statuses]  # its time may have come meanwhile
        assert once(statuses[again:]) == expected, (n, statuses)
        assert [each for each in statuses[:again] if each not in STATUSES[:4]] == [], (n, statuses)
    assert n > 2 * len(STATUSES)
