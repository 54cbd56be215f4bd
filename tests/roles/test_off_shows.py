"""Whose word counts for what a unit shows while it is off: the site file's, what commissioning kept, or nobody's."""

from ampacity.base.errors import Rejected
from ampacity.base.log import Log
from ampacity.roles.storage.off_shows import DOCUMENT, OffShows
from ampacity.roles.storage.persistence import TRUSTED, Persistence
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles
from check import raises

NOW_MS = 2**30 - 60000


class Refusing(MemoryFiles):
    refuses = False

    def _begin(self):
        if self.refuses:
            raise OSError(30, "read-only")
        return super()._begin()


class Thing:
    def __init__(self, **facts):
        for name in facts:
            setattr(self, name, facts[name])


class Driver:
    word = None

    def declare_off_shows(self, word):
        self.word = word


class Life:
    """One life of a controller with one EVSE. said: the word of its site file; unit: the fingerprint of what hangs there."""

    def __init__(self, files, said=None, unit="A"):
        evse = {"name": "bay-1", "profile": "toy"}
        if said:
            evse["off_shows"] = said
        self.driver, self.evidence, self.log = Driver(), Thing(known_fingerprint=unit), Log()
        self.site = {"evses": [evse]}
        self.documents = DocumentStore(files, trusted=TRUSTED)
        self.persistence = Persistence(self.documents, self.log, None)
        self.buses = Thing(drivers=[self.driver])
        self.guard = Thing(ledger=Thing(evse_states=[Thing(evidence=self.evidence)]))
        self.off = OffShows(self)

    def replaced(self, unit):
        self.off.forget(0, NOW_MS)
        self.evidence.known_fingerprint = unit
        return self


def word(files, said=None, unit="A"):
    return Life(files, said, unit).driver.word


def test_the_declaration_of_the_site_file_counts_until_the_unit_is_exchanged_and_then_the_commissioning_result():
    files = MemoryFiles()
    assert word(files, "max") == "max"
    life = Life(files, "max").replaced("B")
    assert life.driver.word is None and "`ampacity commission`" in life.off.former(0)
    assert word(files, "max", "B") is None and word(files, "max", "A") is None
    Life(files, "max", "B").off.keep(0, "last", NOW_MS)
    assert word(files, "max", "B") == "last" and word(files, "max", "C") is None
    assert Life(files, "max", "B").off.former(0) == ""


def test_a_changed_declaration_of_the_site_file_counts():
    files = MemoryFiles()
    Life(files, "max").replaced("B")
    assert word(files, "last", "B") == "last"
    files = MemoryFiles()
    Life(files).replaced("B")
    assert word(files, "max", "B") == "max"


def test_a_commissioning_result_later_declared_in_the_site_file_ends_with_the_unit():
    files = MemoryFiles()
    Life(files).off.keep(0, "max", NOW_MS)
    assert word(files) == "max" and word(files, "max") == "max" and word(files, None, "B") is None
    Life(files, "max").replaced("B")
    assert word(files, "max", "B") is None and word(files, None, "B") is None


def test_evidence_stored_by_an_earlier_version_counts_only_for_its_unit():
    files = MemoryFiles()
    DocumentStore(files).put(DOCUMENT, {"bay-1": ["least", "toy", "A"], "bay-2": "least"})
    assert word(files) == "least" and word(files, "max") == "max" and word(files, None, "B") is None


def test_after_damaged_or_lost_evidence_an_untested_unit_is_not_trusted():
    for gone in (False, True):
        files = MemoryFiles()
        Life(files, "max").replaced("B")
        kept = files.read(DOCUMENT + ".set")
        files.remove(DOCUMENT + ".set")
        if not gone:
            files.replace(DOCUMENT + ".set", kept[:-1])
        assert word(files, "max", "B") is None, gone
        Life(files, "max", "B").off.keep(0, "max", NOW_MS)
        assert word(files, "max", "B") == "max"


def test_no_replacement_unit_is_accepted_while_it_cannot_be_stored():
    files = Refusing()
    life = Life(files, "max")
    files.refuses = True
    with raises(Rejected):
        life.replaced("B")
    assert life.driver.word == "max"
    files.refuses = False
    assert life.replaced("B").driver.word is None and word(files, "max", "B") is None
