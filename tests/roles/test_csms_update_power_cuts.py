"""An update that the CSMS orders, with the power cut in every write of the document that keeps the order."""

from helper_ordered import FileServer, OrderedGarage, whole
from helper_updates import Root, release

ON_MICROPYTHON_EACH = 2
BEFORE, AFTER = "before", "after"
STATUSES = ["DownloadScheduled", "Downloading", "Downloaded", "SignatureVerified", "InstallScheduled", "Installing", "InstallRebooting", "Installed"]
ORDER = {"retrieve_s": 2, "install_s": 6}


class Cut(BaseException):
    """The power is gone: nothing that the firmware does catches it."""


class CutGarage(OrderedGarage):
    """`cut_at`: the write of the document, from 1 on, at which the power goes; `writes`: how many there were."""

    def __init__(self, root, cut_at, mode):
        self.cut_at, self.mode, self.writes = cut_at, mode, 0
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

    async def installs(self, url):
        """The whole order, which the CSMS sends again if it got no answer."""
        answered = False
        for _ in range(2):
            try:
                if not answered:
                    assert self.order(7, url, **ORDER) in ("Accepted", "AcceptedCanceled")
                    answered = True
                await self.passes(600, lambda: self.writes and self.updater.reserved is False and self.runs == "2.0")
                await self.passes(20)
                return
            except Cut:
                self.start()
                await self.passes(3)


async def cut_at(n, mode):
    """(how often the document was written, statuses that the CSMS got); what runs in the end is the new version."""
    with Root() as root:
        async with FileServer(whole, release(2)) as server:
            garage = CutGarage(root, n, mode)
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


async def test_a_cut_after_any_write_of_the_order_is_an_update_that_continues_and_every_status_is_sent():
    n, writes = 0, 1
    while n < writes:
        n += 1
        writes, statuses = await cut_at(n, AFTER)
        if n == 1:  # the CSMS got no answer and ordered it again
            statuses = statuses[statuses.index("DownloadFailed") + 1 :]
        assert once(statuses) == STATUSES, (n, statuses)
