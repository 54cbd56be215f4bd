"""A new site.json on trial: the power may go in any write, and a start finds the old file, or the new one on trial."""

from ampacity.base.errors import NotNow
from ampacity.roles.configuration.site_trial import DOCUMENT, PREVIOUS, SITE, SiteTrial
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles, PowerCut

OLD, NEW = b'{"name":"old"}', b'{"name":"new"}'


class Controller:
    """The store and the data folder on one medium, whose power goes for both."""

    def __init__(self, seed=1):
        self.files = MemoryFiles(seed)
        self.files.replace(SITE, OLD)

    def trial(self):
        return SiteTrial(DocumentStore(self.files), self.files, self.files)

    def start(self):
        """The site that this start runs on, and whether it is on trial."""
        self.files.restart()
        trial = self.trial()
        trial.start()
        return self.files.read(SITE), trial.is_running()


def test_a_new_site_is_on_trial_after_the_restart_and_stays_once_confirmed():
    controller = Controller()
    controller.trial().arm(NEW, 10)
    assert controller.start() == (NEW, True) and controller.trial().record()["minutes"] == 10
    controller.trial().confirm()
    assert controller.start() == (NEW, False) == controller.start()


def test_a_second_start_without_a_confirmation_brings_the_old_site_back():
    controller = Controller()
    controller.trial().arm(NEW, 10)
    assert controller.start() == (NEW, True)
    trial = controller.trial()
    assert "not confirmed" in trial.start() and controller.files.read(SITE) == OLD
    assert controller.start() == (OLD, False)


def test_it_is_undone_on_request():
    controller = Controller()
    controller.trial().arm(NEW, 10)
    controller.start()
    controller.trial().revert()
    assert controller.start() == (OLD, False)


def test_the_power_may_go_in_any_write_of_a_commit():
    outcomes = set()
    for seed in range(1, 9):
        for n in range(1, 5):
            controller = Controller(seed)
            controller.files.cut_at_write(n)
            try:
                controller.trial().arm(NEW, 10)
            except PowerCut:
                pass
            controller.files.cut_at_write(0)
            first = controller.start()
            assert first in ((OLD, False), (NEW, True)), (seed, n, first)
            outcomes.add(first)
            assert controller.start() == (OLD, False), (seed, n)
    assert len(outcomes) == 2


def test_the_power_may_go_in_any_write_of_a_start_on_trial():
    for seed in range(1, 5):
        controller = Controller(seed)
        controller.trial().arm(NEW, 10)
        controller.files.cut_at_write(1)
        try:
            controller.trial().start()
        except PowerCut:
            pass
        assert controller.start() in ((NEW, True), (OLD, False))
        controller.start()
        assert controller.start() == (OLD, False)


def test_the_power_may_go_in_any_write_while_the_old_site_returns():
    for seed in range(1, 9):
        for n in (1, 2):
            controller = Controller(seed)
            controller.trial().arm(NEW, 10)
            controller.start()
            controller.files.restart()
            controller.files.cut_at_write(n)
            try:
                controller.trial().revert()
            except PowerCut:
                pass
            controller.files.cut_at_write(0)
            assert controller.start() == (OLD, False), (seed, n)


def test_a_full_medium_refuses_the_commit_and_the_old_site_stays():
    controller = Controller()
    controller.files.bytes_max = len(OLD) * 2 + 20
    try:
        controller.trial().arm(NEW, 10)
        refused = False
    except OSError:
        refused = True
    controller.files.bytes_max = None
    assert refused and controller.start() == (OLD, False)


def test_a_damaged_record_counts_as_not_confirmed():
    controller = Controller()
    controller.trial().arm(NEW, 10)
    controller.start()
    controller.files.replace(DOCUMENT + ".set", b"garbage")
    assert controller.start() == (OLD, False) and controller.files.read(PREVIOUS) == OLD


def test_a_site_that_something_else_wrote_meanwhile_is_not_on_trial():
    controller = Controller()
    controller.trial().arm(NEW, 10)
    controller.files.replace(SITE, b"{}")
    assert controller.start() == (b"{}", False)


def test_what_something_else_wrote_over_a_site_on_trial_stays_and_is_that_of_a_person():
    for by_bundle in (False, True):
        controller = Controller()
        controller.trial().arm(NEW, 10, by_bundle=by_bundle)
        assert controller.start() == (NEW, True)
        controller.files.replace(SITE, b"{}")  # at the prompt
        text = controller.trial().start()
        assert controller.start() == (b"{}", False) and "the present one stays" in text, text
        assert controller.trial().is_by_person() and not controller.trial().was_undone()
        controller.trial().arm(NEW, 10)
        assert controller.start() == (NEW, True) and controller.start() == (b"{}", False)


def test_a_site_on_trial_that_is_gone_is_replaced_by_the_previous_one():
    controller = Controller()
    controller.trial().arm(NEW, 10)
    controller.start()
    controller.files.remove(SITE)
    assert controller.start() == (OLD, False)


def test_a_return_that_a_power_cut_interrupted_is_not_taken_for_what_a_person_wrote():
    told = 0
    for seed in range(1, 9):
        controller = Controller(seed)
        controller.trial().arm(NEW, 10)
        controller.start()
        controller.files.cut_at_write(2)  # the previous file is back
        try:
            controller.trial().start()
        except PowerCut:
            pass
        controller.files.restart()
        controller.files.cut_at_write(0)
        if controller.files.read(SITE) == OLD and controller.trial().is_running():
            told += 1
            assert "the previous one is active" in controller.trial().start() and controller.trial().was_undone()
    assert told


def refused(trial, data):
    try:
        trial.arm(data, 10)
    except NotNow as e:
        return "on trial already" in str(e)
    return False


def test_while_one_is_armed_or_running_a_second_is_refused_and_the_first_returns_to_what_was_before_it():
    controller = Controller()
    controller.trial().arm(NEW, 10)
    assert refused(controller.trial(), b"{}") and controller.files.read(PREVIOUS) == OLD
    assert controller.start() == (NEW, True)
    assert refused(controller.trial(), b"{}") and controller.files.read(PREVIOUS) == OLD
    assert controller.start() == (OLD, False)
    controller.trial().was_undone()
    controller.trial().arm(NEW, 10)
    assert controller.start() == (NEW, True)


def test_an_armed_file_that_the_medium_did_not_take_is_no_hindrance():
    controller = Controller()
    controller.trial().arm(NEW, 10)
    controller.files.replace(SITE, OLD)  # as before, or as something else wrote it meanwhile
    controller.trial().arm(NEW, 10)
    assert controller.start() == (NEW, True)
