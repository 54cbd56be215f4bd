"""A run over several EVSEs: its order, what people say to it, and what it leaves behind."""

from helper_toy import START_MS, Toy, claims

from ampacity.base import strict_json
from ampacity.base.errors import Rejected
from ampacity.base.rng import Rng
from ampacity.commission import report
from ampacity.commission.commissioning_run import CommissioningRun
from ampacity.commission.trace import ROWS_MAX, Trace
from check import raises


class Yard:
    """Toys by the names of their EVSEs, and a person who answers what is asked; words: step → what is said."""

    def __init__(self, toys, plan, words=None):
        self.toys = toys
        self.words = words or {}
        self.run = CommissioningRun(plan, Rng(5), 3, START_MS)
        self.now_ms = START_MS
        self.asked = []

    def go(self, most_s=1500):
        for _ in range(most_s * 5):
            run = self.run
            if run.over:
                return self
            toy = self.toys[run.claims["name"]]
            toy.now_ms = self.now_ms
            observed = toy.tick(run.experiment)
            self.now_ms = toy.now_ms
            run.step(observed, self.now_ms)
            if not run.over and run.experiment.ask:
                self._answer(run)
        raise AssertionError("it does not end: %s" % run.status(self.now_ms))

    def _answer(self, run):
        key = (run.claims["name"], run.experiment.name)
        if key not in self.asked:
            self.asked.append(key)
        word = self.words.get(key[1], "skip" if key[1] == "load" else "next")
        if word:
            run.command(word, self.now_ms)


def one(toy, words=None, **more):
    return Yard({"evse-1": toy}, [claims(**more)], words).go()


def outcomes(yard, name="evse-1"):
    return {row["step"]: row["outcome"] for row in yard.run.results[name]["steps"]}


def test_a_healthy_evse_passes_every_required_step():
    yard = one(Toy())
    assert outcomes(yard) == {"load": "passed", "identity": "passed", "steps": "passed", "silence": "passed", "power-on": "not needed"}
    assert yard.run.results["evse-1"]["outcome"] == "passed" and not yard.run.findings
    assert [(row[0]["name"], row[1], row[2]) for row in yard.run.ended] == [("evse-1", "passed", {})]


def test_without_a_load_no_further_step_runs_and_none_passes():
    yard = one(Toy(plugged=False))
    assert outcomes(yard) == {"load": "not done", "identity": "not done", "steps": "not done", "silence": "not done", "power-on": "not needed"}
    assert yard.run.results["evse-1"]["outcome"] == "not done"


def test_the_test_waits_for_a_late_load():
    toy = Toy(plugged=False)
    yard = Yard({"evse-1": toy}, [claims()], {"load": None})
    for n in range(600):
        toy.plugged = n > 300
        toy.now_ms = yard.now_ms
        yard.run.step(toy.tick(yard.run.experiment), toy.now_ms)
        yard.now_ms = toy.now_ms
        if yard.run.experiment.name != "load":
            break
    assert 300 < n < 330


def test_a_step_that_is_skipped_leaves_it_untested():
    yard = one(Toy(), {"identity": "skip"})
    assert yard.run.results["evse-1"]["outcome"] == "passed"
    assert outcomes(yard)["identity"] == "not done"
    yard = Yard({"evse-1": Toy()}, [claims()])
    while yard.run.experiment.name != "silence":
        toy = yard.toys["evse-1"]
        yard.run.step(toy.tick(yard.run.experiment), toy.now_ms)
        if yard.run.experiment.ask:
            yard.run.command("next", toy.now_ms)
    yard.run.command("skip", toy.now_ms)
    assert yard.run.over and yard.run.results["evse-1"]["outcome"] == "not done"


def test_another_evse_that_blinks_is_a_finding():
    yard = one(Toy(), {"identity": "no"})
    assert yard.run.findings[0]["code"] == "identity" and "at this place to 3" in yard.run.findings[0]["fix"]
    assert yard.run.results["evse-1"]["outcome"] == "failed"


def test_two_devices_at_one_address_can_be_corrected_while_the_test_waits():
    yard = Yard({"evse-1": Toy()}, [claims()], {"load": None})
    toy = yard.toys["evse-1"]
    for n in range(900):
        observed = toy.tick(yard.run.experiment)
        if n < 500:
            observed.online, observed.state, observed.line_trouble = False, "silent", "unit 3: two devices answer"
        yard.run.step(observed, toy.now_ms)
        if n == 400:
            assert yard.run.experiment.name == "load" and "unique address" in yard.run.experiment.ask
        if yard.run.experiment.name != "load":
            break
    assert yard.run.findings[0]["code"] == "duplicate-unit" and yard.run.findings[0]["level"] == "warning"
    assert "corrected" in yard.run.findings[0]["text"] and yard.run.results["evse-1"]["steps"][0]["outcome"] == "passed"


def test_an_unanswered_question_does_not_block_the_site_permanently():
    yard = Yard({"evse-1": Toy(plugged=False)}, [claims()], {"load": None}).go(1900)
    assert "no answer within 30 min" in yard.run.results["evse-1"]["steps"][0]["text"]


def test_a_locked_evse_is_reported_with_the_command_that_unlocks_it():
    yard = Yard({"evse-1": Toy()}, [claims()])
    observed = yard.toys["evse-1"].tick(yard.run.experiment)
    observed.state = "swapped"
    yard.run.step(observed, yard.toys["evse-1"].now_ms)
    assert yard.run.over and yard.run.findings[0]["code"] == "locked" and "replace evse-1" in yard.run.findings[0]["fix"]


def test_the_blinking_pauses_three_times():
    toy = Toy()
    yard = Yard({"evse-1": toy}, [claims()], {"identity": None})
    wishes = []
    for _ in range(400):
        yard.run.step(toy.tick(yard.run.experiment), toy.now_ms)
        if yard.run.experiment.name == "identity" and (not wishes or wishes[-1] != yard.run.experiment.wish_da):
            wishes.append(yard.run.experiment.wish_da)
    assert wishes[1:] == [0, 60, 0, 60, 0, 60]


def test_an_evse_without_watchdog_and_a_local_one_need_no_silence_test():
    assert outcomes(one(Toy(), watchdog_ms=0, holds=True))["silence"] == "not needed"
    assert outcomes(one(Toy(), kind="local"))["silence"] == "not needed"


def test_exchanged_cts_are_concluded_from_two_evses():
    toys = {"evse-1": Toy(inputs=[1, 0, 2]), "evse-2": Toy(inputs=[1, 0, 2], wires=[1, 2, 0])}
    plan = [claims(), claims(index=1, name="evse-2", terminals=[[1], [2], [0]])]
    found = Yard(toys, plan).go().run.findings
    assert "ct-swapped" in [row["code"] for row in found]


def test_a_finding_about_the_meter_is_reported_once():
    toys = {"evse-1": Toy(signs=[-1, 1, 1]), "evse-2": Toy(signs=[-1, 1, 1])}
    found = Yard(toys, [claims(), claims(index=1, name="evse-2")]).go().run.findings
    assert [row["code"] for row in found] == ["ct-reversed"]


def test_unknown_words_are_refused_with_the_valid_ones():
    yard = Yard({"evse-1": Toy()}, [claims()])
    with raises(Rejected) as e:
        yard.run.command("next", START_MS)
    assert "no question is open" in str(e)
    with raises(Rejected):
        yard.run.command("jump", START_MS)
    yard.run.command("abort", START_MS)
    assert yard.run.over
    with raises(Rejected):
        yard.run.command("skip", START_MS)


def test_aborting_in_the_middle_counts_nothing_as_passed():
    yard = Yard({"evse-1": Toy(), "evse-2": Toy()}, [claims(), claims(index=1, name="evse-2")])
    for _ in range(100):
        yard.run.step(yard.toys["evse-1"].tick(yard.run.experiment), yard.toys["evse-1"].now_ms)
    yard.run.command("abort", yard.toys["evse-1"].now_ms)
    assert yard.run.over and not yard.run.ended
    assert yard.run.results["evse-1"]["outcome"] == "not done" and "evse-2" not in yard.run.results


def test_a_long_run_keeps_a_bounded_record_of_all_of_it():
    record, toy = Trace(START_MS), Toy()
    for _ in range(10000):
        record.take(toy.tick(None), toy.now_ms)
    assert len(record.rows) <= ROWS_MAX
    assert record.rows[0][0] < 2000 and record.rows[-1][0] > 1900000


def test_the_status_shows_the_step_and_the_question():
    yard = Yard({"evse-1": Toy(plugged=False)}, [claims()], {"load": None})
    for _ in range(30):
        yard.run.step(yard.toys["evse-1"].tick(yard.run.experiment), yard.toys["evse-1"].now_ms)
    status = yard.run.status(yard.toys["evse-1"].now_ms)
    assert status["running"] and status["evse"] == "evse-1" and status["step"] == "load" and "plug a car" in status["ask"]
    assert report.status_lines(status)[-1].startswith("? plug a car")
    assert strict_json.loads(strict_json.dumps(status))["left"] == []
    yard.run.command("skip", yard.toys["evse-1"].now_ms)
    assert [row[1] for row in yard.run.status(0, since=3)["done"]] == ["silence", "power-on"]


def test_the_seal_changes_with_any_figure_and_not_with_the_signature():
    sheet = strict_json.loads(strict_json.dumps({"steps": [{"figures": {"fell_ms": 10000}}]}))
    head = {"site": "yard", "evses": {}, "signed": None}
    seal = report.seal(head, [sheet])
    head["signed"] = {"by": "Ada"}
    assert report.seal(head, [sheet]) == seal and len(seal) == 64
    sheet["steps"][0]["figures"]["fell_ms"] = 10001
    assert report.seal(head, [sheet]) != seal


def test_the_site_is_recognised_by_its_hash_and_a_new_password_changes_nothing():
    site = {"name": "yard", "evses": [1, 2], "ocpp": {"password": "a"}}
    first = report.site_sha256(site)
    site["ocpp"] = None
    assert report.site_sha256(site) == first
    site["evses"] = [1, 3]
    assert report.site_sha256(site) != first
