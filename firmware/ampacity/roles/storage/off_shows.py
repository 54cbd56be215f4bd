"""What units were seen to show as their limit while they are off: found by commissioning, kept, and passed to their drivers.

The value of the site file precedes what is kept, unless the unit has been exchanged since that word was written: what was found
out of one unit is assumed of no other, until commissioning has seen it there, too, or the site file says something else.
"""

from ampacity.base.errors import NotNow

if False:  # for the type checker
    from typing import Any

    from ampacity.roles.primary_face import PrimaryFace

DOCUMENT = "off_shows"
WORDS = ("least", "max", "last")
FORMER = "; off_shows in the site file may describe another unit: `ampacity commission` tests this one"


class OffShows:
    """primary: with guard, buses, settings, keeper and site. Tells the drivers what is kept.

    kept, by the EVSE's name: [what it shows, "": nothing is known of it; its profile; its fingerprint; the site file's word then].
    """

    def __init__(self, primary: "PrimaryFace") -> None:
        self.primary = primary
        kept = primary.documents.get(DOCUMENT)
        self.kept: "dict[str, Any]" = kept if isinstance(kept, dict) else {}
        if DOCUMENT in primary.documents.damaged:
            for index, evse in enumerate(primary.site["evses"]):  # which unit was exchanged is not known
                self.kept[evse["name"]] = self._new_row(index, "")
        for index in range(len(primary.site["evses"])):
            self.declare(index, None)

    def declare(self, index: int, shows: "str | None") -> None:
        """shows: what is assumed of it until a test ends; None: what the site file says, else what is kept of this unit."""
        driver = self.primary.buses.drivers[index]
        if hasattr(driver, "declare_off_shows"):
            driver.declare_off_shows(shows or self._of(index))

    def _of(self, index: int) -> "str | None":
        declared, row = self._declared(index), self._row(index)
        if declared and (len(row) != 4 or row[3] != declared):
            return declared
        return row[0] if row[1:3] == self._unit(index) and row[0] in WORDS else None

    def _declared(self, index: int) -> "str | None":
        """The value of the site file, None: none."""
        return self.primary.site["evses"][index].get("off_shows")

    def _row(self, index: int) -> "list[Any]":
        row = self.kept.get(self.primary.site["evses"][index]["name"])
        return row if isinstance(row, list) and len(row) in (3, 4) else []

    def _unit(self, index: int) -> "list[Any]":
        """Which unit it is, as far as that is known."""
        return [self.primary.site["evses"][index]["profile"], self.primary.guard.ledger.evse_states[index].evidence.known_fingerprint]

    def keep(self, index: int, shows: str, now_ms: int) -> None:
        """A load has shown it."""
        name, row = self.primary.site["evses"][index]["name"], self._new_row(index, shows)
        if self.kept.get(name) != row:
            self.kept[name] = row
            self.primary.persistence.put(DOCUMENT, self.kept, now_ms)
            self.primary.log.add("info", "commission: %s shows `%s` as its limit while off; used from now on" % (name, shows), now_ms)

    def forget(self, index: int, now_ms: int) -> None:
        """Another unit takes its place: neither what is kept nor the site file's word was found out of it. NotNow: not kept."""
        name = self.primary.site["evses"][index]["name"]
        if self._row(index) or self._declared(index):
            kept = dict(self.kept)
            kept[name] = self._new_row(index, "")
            if not self.primary.persistence.put(DOCUMENT, kept, now_ms):
                raise NotNow("evse", name, "the storage medium is full or broken, and off_shows of the former unit must be marked as such")
            self.kept = kept
        self.declare(index, None)

    def former(self, index: int) -> str:
        """For `why`: does the site file say something of it that was said of the unit before? "": it does not."""
        declared = self._declared(index)
        return FORMER if declared and self._row(index)[3:] == [declared] and self._of(index) is None else ""

    def _new_row(self, index: int, shows: str) -> "list[Any]":
        return [shows] + self._unit(index) + [self._declared(index)]
