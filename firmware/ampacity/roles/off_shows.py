"""What units were seen to show as their limit while they are off: found by commissioning, kept, and told to their drivers.

The word of the site file goes before. It is of one unit: another one at its place is believed nothing of it.
"""

DOCUMENT = "off_shows"
WORDS = ("least", "max", "last")


class OffShows:
    """primary: with guard, buses, settings, keeper and site. Tells the drivers what is kept."""

    def __init__(self, primary):
        self.primary = primary
        kept = primary.settings.get(DOCUMENT)
        self.kept = kept if isinstance(kept, dict) else {}
        for index in range(len(primary.site["evses"])):
            self.tell(index, None)

    def tell(self, index, shows):
        """shows: what is believed of it for now; None: what the site file says, else what is kept of this unit."""
        driver, evse = self.primary.buses.drivers[index], self.primary.site["evses"][index]
        if hasattr(driver, "tell_off"):
            driver.tell_off(shows or evse.get("off_shows") or self._of(index))

    def _of(self, index):
        row = self.kept.get(self.primary.site["evses"][index]["name"])
        known = isinstance(row, list) and len(row) == 3 and row[1:] == self._unit(index) and row[0] in WORDS
        return row[0] if known else None

    def _unit(self, index):
        """Which unit it is, as far as that is known."""
        return [self.primary.site["evses"][index]["profile"], self.primary.guard.ledger.standings[index].evidence.known_fingerprint]

    def keep(self, index, shows, now_ms):
        """A load has shown it."""
        name, row = self.primary.site["evses"][index]["name"], [shows] + self._unit(index)
        if self.kept.get(name) != row:
            self.kept[name] = row
            self.primary.keeper.put(DOCUMENT, self.kept, now_ms)
            self.primary.log.add("info", "commission: %s shows %s as its limit while it is off; that counts from now on" % (name, shows), now_ms)

    def forget(self, index, now_ms):
        """Another unit takes its place."""
        if self.kept.pop(self.primary.site["evses"][index]["name"], None) is not None:
            self.primary.keeper.put(DOCUMENT, self.kept, now_ms)
        self.tell(index, None)
