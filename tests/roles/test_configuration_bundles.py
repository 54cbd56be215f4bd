"""A signed configuration that reaches a running primary: tried, confirmed by what shows that it works, or gone again."""

from helper_garage import site
from helper_signed_configuration import brought, settle, signed
from helper_updates import Root, UpdatingGarage, put, release

from ampacity.base import strict_json
from ampacity.console.console import Console
from ampacity.roles.configuration.site_trial import BY_BUNDLE, SITE
from ampacity.store.memory_files import MemoryFiles
from ampacity.update.cbor import encode
from update.helper_bundle import RELEASE

DEEP = ("test_a_power_cut_at_any_write_of_a_trial_leaves_one_of_both_whole_and_the_slots_say_which",)
READY = "configuration 2.0 is ready in slot a; it is tried after no EVSE has charged for a minute, or `update activate`"


def changed(limit_da=100):
    facts = site()
    facts["evses"][1]["limit_da"] = limit_da
    return facts


class ConfiguredGarage(UpdatingGarage):
    """With a data folder: each start runs on its site.json, and settles the trial of one first, as roles/boot.py does."""

    def __init__(self, root):
        self.disk = MemoryFiles()
        self.disk.replace(SITE, strict_json.dumps(site()).encode())
        super().__init__(root)
        self.data_files = self.platform.data_files = self.disk
        brought(self.platform.files, self.disk)

    def start(self, **boot):
        if getattr(self, "platform", None) is not None and getattr(self, "data_files", None) is not None:
            settle(self.platform.files, self.disk)
            self.facts = strict_json.loads(self.disk.read(SITE), size_max=65536)
        return super().start(**boot)

    @property
    def limit_da(self):
        return strict_json.loads(self.disk.read(SITE), size_max=65536)["evses"][1]["limit_da"]

    @property
    def signed(self):
        return self.show()["configuration"]

    def follow(self, seconds=1200):
        for _ in range(seconds):
            self.run(1000)
            if self.platform.resets:
                self.start()
            elif "waits" not in self.show() and not self.updater.on_trial():
                break
        return self


def test_a_signed_configuration_is_tried_and_confirmed_without_a_person():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        assert garage.push(signed(changed())) == READY
        assert garage.limit_da == 160, "nothing is in force before the trial"
        garage.follow()
        assert garage.limit_da == 100
        assert garage.signed["result"] == "confirmed: 2.0" and garage.signed["floor"] == 1, garage.signed
        assert garage.runs == "1.0", "the application stays"


def test_bundles_that_are_not_for_this_controller_or_cannot_run_are_refused_with_the_field():
    wrong = changed()
    wrong["evses"][1]["limit_da"] = "10 A"
    lower = changed()
    lower["circuits"][0]["rating_da"], lower["evses"][1]["fallback_da"] = [100, 100, 100], 160
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        for data, field in (
            (signed(changed(), signer=RELEASE), "key"),
            (signed(changed(), changes={9: ["SN-2"]}), "controller"),
            (signed(changed(), changes={4: ["board-c"]}), "board"),
            (signed(changed(), name="site.json"), "files"),
            (signed({"role": "secondary"}), "role"),
            (signed(wrong), "limit_da"),
            (signed(lower), "main"),
        ):
            answer = garage.push(data)
            assert answer[:7] == "error: " and field in answer, (field, answer)
        garage.follow()
        assert garage.limit_da == 160 and garage.signed["slots"] == {"a": "empty", "b": "empty"}, garage.signed


def test_one_with_which_the_bus_stays_silent_returns_within_15_minutes():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.push(signed(changed()))
        garage.say("update activate --yes")
        garage.run(5000)
        garage.start()
        garage.cut = True
        began_us = garage.now_us
        garage.follow()
        assert garage.limit_da == 160 and garage.signed["result"] == "rolled back: 2.0: not seen: bus", garage.signed
        assert garage.now_us - began_us < 16 * 60 * 1000000


def test_one_that_was_confirmed_below_its_floor_is_refused_and_a_power_cut_in_the_trial_returns_the_previous_one():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.push(signed(changed(), 3))
        garage.follow()
        assert "sequence" in garage.push(signed(changed(120), 1)) and garage.limit_da == 100
        garage.push(signed(changed(120), 4))
        garage.say("update activate --yes")
        garage.run(5000)
        garage.start()
        garage.run(5000)
        assert garage.limit_da == 120 and "trial" in garage.signed
        garage.start()
        garage.run(5000)
        assert garage.limit_da == 100 and garage.signed["result"] == "rolled back: 4.0: not confirmed before a restart", garage.signed
        assert garage.signed["slots"] == {"a": "good 3.0", "b": "bad 4.0"}


def test_a_person_can_confirm_or_undo_it_before_its_time():
    for word, limit_da, result in (("commit confirm", 100, "confirmed: 2.0"), ("rollback", 160, "rolled back: 2.0: undone at the console")):
        with Root() as root:
            garage = ConfiguredGarage(root).run(3000)
            garage.push(signed(changed()))
            garage.say("update activate --yes")
            garage.run(5000)
            garage.start()
            garage.run(5000)
            garage.say(word)
            garage.follow()
            assert (garage.limit_da, garage.signed["result"]) == (limit_da, result), word


def test_what_became_of_a_configuration_is_shown_after_the_next_start_too():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        fresh = {"slots": {"a": "empty", "b": "empty"}, "floor": 0, "result": None}
        assert garage.signed == fresh and garage.show()["hold"] is False
        garage.push(signed(changed(), 3))
        garage.follow()
        garage.say("update hold on")
        garage.run(3000)
        before = garage.show()
        garage.start()
        after = garage.show()
        assert "delivery" in before and "delivery" not in after, "nothing is to do: it is not loaded"
        for key in after:
            assert after[key] == before[key], (key, before[key], after[key])
        assert after["configuration"] == {"slots": {"a": "good 3.0", "b": "empty"}, "floor": 2, "result": "confirmed: 3.0"}
        assert after["hold"] is True and garage.runs == "1.0" and "hold" in garage.console.line("show update", "viewer", garage.now_us // 1000)


def test_the_folder_delivers_a_configuration_once():
    with Root() as root:
        put(root.path + "/inbox/site.bundle", signed(changed()))
        garage = ConfiguredGarage(root).run(3000)
        garage.follow()
        garage.run(30000)
        assert garage.limit_da == 100 and garage.signed["slots"] == {"a": "good 2.0", "b": "empty"}, garage.signed
        assert not garage.platform.resets


def test_an_application_and_a_configuration_that_are_both_ready_are_tried_one_after_the_other():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.push(signed(changed()))
        garage.push(release(2))
        garage.follow(2400)
        assert garage.runs == "2.0" and garage.limit_da == 100, (garage.runs, garage.signed)


class PowerCut(BaseException):
    """The power is gone: nothing that the firmware does catches it."""


class CutGarage(ConfiguredGarage):
    """`cut_at`: the write of a trial, from 1 on, before or after which the power goes; 0: none. `writes`: how many there were."""

    def __init__(self, root):
        self.writes = self.cut_at = 0
        self.after = False
        super().__init__(root)
        self.files.replace = self._cutting(self.files.replace, "site")
        self.disk.replace = self._cutting(self.disk.replace, "site")

    def _cutting(self, write, begin=""):
        def cutting(*words):
            if begin and words[0][: len(begin)] != begin:
                return write(*words)
            self.writes += 1
            if self.writes == self.cut_at and not self.after:
                raise PowerCut
            write(*words)
            if self.writes == self.cut_at:
                raise PowerCut

        return cutting

    def tried(self):
        """The configuration that is ready is tried, through every restart and the cut; what the lives before said of it."""
        while True:
            try:
                self.slots = self.updater.configuration.slots
                self.slots.save = self._cutting(self.slots.save)
                self.say("update activate --yes")
                for _ in range(2000):
                    self.run(1000)
                    if self.platform.resets:
                        break
                    if "waits" not in self.show() and not self.updater.on_trial():
                        return self
            except PowerCut:
                self.cut_at = 0
            self.powered()

    def powered(self):
        while True:
            try:
                self.start()
                return
            except PowerCut:
                self.cut_at = 0


def cut_trial(cut_at, after, silent):
    """(what is in force in the end, its limit, how many writes there were) with a cut at one of them."""
    with Root() as root:
        garage = CutGarage(root)
        garage.run(3000)
        garage.push(signed(changed()))
        garage.writes, garage.cut_at, garage.after, garage.cut = 0, cut_at, after, silent
        garage.tried()
        return garage.signed["result"][:9], garage.limit_da, garage.writes


def cut_in(step, silent):
    result, limit_da, writes = cut_trial(0, False, silent)
    assert (result, limit_da) == (("confirmed", 100), ("rolled ba", 160))[silent] and writes >= 7, (result, writes)
    for n in range(1, writes + 1, step):
        for after in (False, True):
            result, limit_da, _ = cut_trial(n, after, silent)
            assert (result, limit_da) in (("confirmed", 100), ("rolled ba", 160)), (n, after, silent, result, limit_da)
            assert not silent or limit_da == 160, (n, after)


def test_a_power_cut_at_any_write_of_a_trial_leaves_one_of_both_whole_and_the_slots_say_which():
    cut_in(1, False)
    cut_in(1, True)


def test_a_power_cut_at_some_writes_of_a_trial_leaves_one_of_both_whole_and_the_slots_say_which():
    cut_in(4, False)


def ready_file(root):
    """The file of the configuration that waits in slot a."""
    return "%s/configurations/a/configuration.cbor" % root.path


def test_what_changed_in_its_slot_after_it_was_verified_is_not_tried():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.say("update hold on")
        assert garage.push(signed(changed())).startswith("configuration 2.0 is ready")
        with open(ready_file(root), "rb") as file:
            raw = file.read()
        at = raw.index(b"rating_da") + 11  # of the first phase
        with open(ready_file(root), "wb") as file:
            file.write(raw[:at] + bytes((raw[at] | 0x20,)) + raw[at + 1 :])
        garage.start()
        garage.run(3000).say("update activate --yes")
        garage.follow(60)
        assert garage.limit_da == 160 and "configuration.cbor" in garage.signed["result"], garage.signed


def test_values_of_another_type_are_refused_and_the_housekeeping_continues():
    for name in (5, True, [], {}, None, b"x"):
        wrong = changed()
        wrong["buses"][0]["name"] = name
        with Root() as root:
            garage = ConfiguredGarage(root).run(3000)
            said = garage.push(signed(wrong))
            assert "refused" in str(garage.show()) and "ready" not in said, (name, said)
            assert garage.push(signed(changed())) == READY, name


def pushed_by_a_person(garage, limit_da=80):
    """A person at the serial console pushes a configuration and confirms it."""
    garage.push(encode(changed(limit_da), simple=True), name="configuration")
    garage.say("commit 3")
    garage.run(1000).start()
    garage.run(3000)
    assert garage.say("commit confirm") == "configuration confirmed" and garage.limit_da == limit_da
    return garage


def on_the_network(garage):
    """Until the next start the console is one behind a password."""
    garage.primary.console.access.is_set = lambda *role: True
    garage.console = Console(garage.primary.console, door="network")


def test_what_a_person_has_pushed_gives_way_to_a_bundle_only_where_a_person_is():
    with Root() as root:
        put(root.path + "/inbox/old.bundle", signed(changed()))
        garage = ConfiguredGarage(root).run(3000)
        garage.say("update hold on")
        pushed_by_a_person(garage).say("update hold off")
        garage.follow(200)
        assert garage.limit_da == 80 and garage.signed["slots"]["a"] == "ready 2.0", garage.signed
        assert "a person has set" in garage.show()["waits"] and garage.say("update").endswith("it is tried after `update activate`")
        on_the_network(garage)
        assert "a person has set" in garage.say("update activate --yes")
        assert "a person has set" in garage.push(signed(changed(), 3)) + garage.say("update activate --yes")
        garage.start()
        garage.follow(200)
        assert garage.limit_da == 80 and "a person has set" in garage.show()["waits"]
        assert garage.say("update activate --yes").startswith("restarting")  # at the serial console
        garage.follow()
        assert garage.limit_da == 100 and garage.signed["result"] == "confirmed: 3.0", garage.signed
        assert garage.push(signed(changed(120), 4)).endswith("after no EVSE has charged for a minute, or `update activate`")
        garage.follow()
        assert garage.limit_da == 120, "what a bundle brought gives way to the next one without a person"


def edited(garage, limit_da):
    """A person writes site.json: the site file before a start, or `configure push` at the MicroPython prompt."""
    garage.disk.replace(SITE, strict_json.dumps(changed(limit_da)).encode())
    garage.start()
    garage.run(3000)
    return garage


def waits_for_a_person(garage, limit_da):
    garage.follow(200)
    assert garage.limit_da == limit_da and "a person has set" in garage.show()["waits"], garage.show()
    on_the_network(garage)
    assert "a person has set" in garage.say("update activate --yes")
    garage.start()
    garage.run(3000)
    return True


def test_a_site_file_that_a_person_edited_gives_way_to_a_bundle_only_where_a_person_is():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.push(signed(changed(), 7))
        garage.follow()
        assert garage.limit_da == 100 and garage.signed["result"] == "confirmed: 7.0"
        edited(garage, 80).push(signed(changed(), 6))
        assert waits_for_a_person(garage, 80)
        assert waits_for_a_person(edited(garage, 60), 60)
        assert waits_for_a_person(edited(pushed_by_a_person(garage, 120), 90), 90)
        assert garage.say("update activate --yes").startswith("restarting")  # at the serial console
        garage.follow()
        assert garage.limit_da == 100


def test_a_site_file_of_the_commissioning_gives_way_to_the_first_bundle_only_where_a_person_is():
    with Root() as root:
        put(root.path + "/inbox/site.bundle", signed(changed()))
        garage = ConfiguredGarage(root)
        garage.platform.files.remove(BY_BUNDLE)
        assert waits_for_a_person(garage.run(3000), 160)


def test_a_site_file_that_is_written_while_a_bundle_waits_is_not_overwritten():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.push(signed(changed()))
        garage.run(20000)
        assert "a person" not in garage.show()["waits"]
        garage.disk.replace(SITE, strict_json.dumps(changed(80)).encode())
        assert waits_for_a_person(garage, 80)


def test_what_a_bundle_brought_and_a_person_pushed_again_is_that_of_a_person():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.push(signed(changed(), 7))
        garage.follow()
        pushed_by_a_person(pushed_by_a_person(garage, 80), 100).push(signed(changed(120), 8))
        assert waits_for_a_person(garage, 100)


def test_what_a_bundle_brought_stays_that_of_a_bundle_through_trials_that_return():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.push(encode(changed(80), simple=True), name="configuration")
        garage.say("commit 3")
        garage.run(1000).start()
        assert garage.limit_da == 80
        garage.start()
        garage.run(3000).push(signed(changed()))
        garage.follow()
        assert garage.limit_da == 100, garage.show()


def test_an_application_is_tried_while_a_configuration_waits_for_a_person():
    with Root() as root:
        garage = pushed_by_a_person(ConfiguredGarage(root).run(3000))
        garage.push(release(2))
        garage.push(signed(changed()))
        assert garage.show()["waits"] == "a minute without charging"
        garage.follow(400)
        assert (garage.runs, garage.limit_da, garage.signed["slots"]["a"]) == ("2.0", 80, "ready 2.0")


def test_what_a_person_has_pushed_stays_that_of_a_person_through_trials_that_return():
    with Root() as root:
        garage = pushed_by_a_person(ConfiguredGarage(root).run(3000))
        for limit_da in (70, 60):
            garage.push(encode(changed(limit_da), simple=True), name="configuration")
            garage.say("commit 3")
            garage.run(1000).start()
            assert garage.limit_da == limit_da
            garage.start()
            garage.run(3000)
        garage.push(signed(changed()))
        garage.follow(200)
        assert garage.limit_da == 80 and "a person has set" in garage.show()["waits"], garage.show()


def test_a_configuration_waits_while_another_change_is_on_trial():
    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        garage.say("set idle_s 120")
        garage.say("commit")
        garage.push(signed(changed()))
        garage.run(200000)
        assert garage.show()["waits"] == "settings is on trial" and garage.limit_da == 160, garage.show()
        assert garage.signed["slots"]["a"].startswith("ready")
        garage.say("commit confirm")
        garage.follow()
        assert garage.limit_da == 100


def test_one_that_cannot_be_tried_for_want_of_memory_is_given_up_after_three_times():
    def without_memory(data):
        yield None
        raise MemoryError

    with Root() as root:
        garage = ConfiguredGarage(root).run(3000)
        assert garage.push(signed(changed())) == READY
        garage.primary.console.configuring().judged = without_memory
        garage.run(150000)
        assert garage.signed["slots"]["a"] == "ready 2.0", garage.signed
        garage.run(60000)
        assert garage.signed["slots"]["a"] == "empty" and "too little memory" in garage.signed["result"], garage.signed
