"""What counts as a broken rule, and how it becomes an exit code."""

import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))

import seen

from ampacity_host.demo import command, summary
from ampacity_host.demo.rig_process import RigFailed
from ampacity_host.demo.runtime_choice import choose, version_of
from ampacity_host.demo.session_counter import SessionCounter
from ampacity_host.demo.verdict import Verdict
from ampacity_host.report.recording import Recording, Sample

BUDGETS_MS = {"house": 7000, "garage": 5000, "row-a": 5000, "row-b": 5000}


def sample(t_ms=0, house_l1=50.0, other_l1=9.0, row_l1=20.0, bound_a=16.0, drawn_a=6.0):
    answer = seen.state(t_ms=t_ms)
    circuits = answer["truth"]["circuits"]
    circuits["house"]["amps"][0], circuits["house"]["other"][0] = house_l1, other_l1
    circuits["row-a"]["amps"][0] = row_l1
    answer["truth"]["evses"]["evse-6"]["amps"] = [drawn_a] * 3
    answer["primary"]["evses"]["evse-6"]["bound_a"] = [bound_a] * 3
    return Sample(answer)


def judged(*samples):
    verdict = Verdict(BUDGETS_MS)
    for one in samples:
        verdict.take(one)
    return verdict.all(seen.worst())


def test_currents_within_the_ratings_violate_nothing():
    assert judged(sample(0), sample(1000)) == []


def test_a_step_of_other_load_may_last_as_long_as_its_budget():
    over = [sample(t_ms, house_l1=70.0) for t_ms in range(0, 7001, 250)]
    assert judged(*over, sample(7250)) == []
    assert judged(*over, sample(7250, house_l1=70.0)) == ["house L1 is above its rating for longer than 7.0 s"]


def test_the_rating_always_applies_if_only_evses_draw():
    assert judged(sample(row_l1=32.5)) == ["row-a L1 is 0.5 A above its rating, and only EVSEs draw current there"]


def test_a_current_that_the_ledger_does_not_count_is_a_broken_rule():
    few = [sample(t_ms, bound_a=6.0, drawn_a=10.0) for t_ms in (0, 250)]
    assert judged(*few) == []
    assert judged(*few, sample(500, bound_a=6.0, drawn_a=10.0)) == ["evse-6 draws more than the primary counts for it"]


def test_a_violation_in_the_accounts_of_the_rig_counts():
    worst = seen.worst()
    worst["circuits"]["row-b"]["violation_ms"] = [0, 0, 1500]
    assert Verdict(BUDGETS_MS).all(worst) == ["row-b L3: 1.5 s above its rating that no rule allows"]


def finished(violation_ms=0):
    """A StoryPlayer that has told its story."""
    worst, recording = seen.worst(), Recording()
    worst["circuits"]["house"]["violation_ms"] = [violation_ms, 0, 0]
    for t_ms in (0, 250, 500):
        recording.take(seen.state(t_ms=t_ms))
    recording.mark(250, "a mark")
    return SimpleNamespace(recording=recording, sessions=SessionCounter(), verdict=Verdict(BUDGETS_MS), model=SimpleNamespace(worst=worst))


@pytest.fixture
def demo(monkeypatch, tmp_path):
    """command.run with a rig that is none and a story that was told already."""
    class NoRig:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    def demo(told, **options):
        monkeypatch.setattr(command, "DemoRig", NoRig)
        monkeypatch.setattr(command, "play_story", told)
        return command.run("cpython", True, tmp_path / "chart.png", console=Console(file=io.StringIO()), **options)
    return demo


def test_a_demonstration_without_a_violation_ends_with_0_and_its_last_lines(demo, capsys, tmp_path):
    assert demo(lambda *_: finished()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[-5:]] == [
        "least margin house", "least margin garage", "least margin row-a", "least margin row-b", "chart"]
    assert Path(lines[-1].removeprefix("chart: ")).stat().st_size > 10_000


def test_the_ending_shows_the_least_margin_and_next_steps_within_80_columns(monkeypatch, tmp_path, capsys):
    kinds = {"evse-%d" % number: "heidelberg-energy-control" for number in range(1, 9)}
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system=None)
    facts = {"name": "garage", "evses": [None] * 8}
    assert command.conclude(finished(), kinds, facts, BUDGETS_MS, tmp_path / "c.png", console, "CPython", command.STORY.site) == 0
    out = capsys.readouterr().out
    assert "Passed: house was 1.5 s above its rating, 7.0 s are allowed." in out.splitlines()
    assert re.search(r"Next:  ampacity rig \S*demo.toml --ui", out) and "least margin" not in out and out.splitlines()[-1].startswith("chart: ")
    tables = console.file.getvalue().splitlines()
    assert all(len(line.rstrip()) <= 80 for line in tables) and "…" not in console.file.getvalue()
    assert len(tables) + len(out.splitlines()[2:]) <= 23  # beside the first line, of figures, and a prompt


@pytest.mark.parametrize("violation_ms", [0, 700])
def test_with_json_the_last_line_is_one_object(monkeypatch, tmp_path, capsys, demo, violation_ms):
    status = demo(lambda *_: finished(violation_ms=violation_ms), as_json=True)
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["ok"] == (status == 0) == (not facts["broken"]) and facts["circuits"]["house"]["over_ms"]
    assert Path(facts["chart"]).is_file() and facts["allowed_ms"]["house"] > 0


def test_a_violated_rule_ends_with_1_and_is_named(demo, capsys):
    assert demo(lambda *_: finished(violation_ms=700)) == 1
    assert "RULE BROKEN: house L1: 0.7 s above" in capsys.readouterr().out


def test_a_rig_that_does_not_start_ends_with_1(demo, capsys):
    def fail(*_):
        raise RigFailed("the rig did not come up")
    assert demo(fail) == 1
    assert "did not come up" in capsys.readouterr().err


def test_lines_name_the_least_margin_of_each_circuit_and_the_chart_last():
    ratings = {name: one["rating"] for name, one in seen.state()["truth"]["circuits"].items()}
    lines = summary.last_lines(seen.worst(), ratings, BUDGETS_MS, "/x/demo.png")
    assert lines[0] == "least margin house: -8.5 A on L2 of 63 A (1.5 s above, 7.0 s allowed; violation 0.0 s)"
    assert lines[-1] == "chart: /x/demo.png"


def test_sessions_are_counted_from_the_frames_of_the_station():
    book = SessionCounter()
    event = '[2,"%d","TransactionEvent",{"eventType":"%s","evse":{"id":3}}]'
    book.take([{"dir": "in", "t_ms": 1, "text": event % (1, "Started")}, {"dir": "in", "t_ms": 2, "text": event % (2, "Updated")},
               {"dir": "in", "t_ms": 3, "text": event % (3, "Ended")}, {"dir": "out", "t_ms": 3, "text": "[3,\"3\",{}]"},
               {"dir": "in", "t_ms": 4, "text": "junk"}])
    assert (book.started, book.ended, book.messages) == ({3: 1}, {3: 1}, 5)


@pytest.mark.parametrize(("words", "runtime"), [
    ("3.4.0; MicroPython v1.25.0 on 2025-05-04", "micropython"), ("3.4.0; MicroPython v1.19.1 on 2022-11-05", "cpython")])
def test_a_micropython_on_the_path_is_used_if_it_is_new_enough(monkeypatch, tmp_path, words, runtime):
    program = tmp_path / "micropython"
    program.write_text("#!/bin/sh\necho '%s'\n" % words)
    program.chmod(0o755)
    monkeypatch.setattr("ampacity_host.rig.process.runtime.CHECKOUT", tmp_path)
    monkeypatch.setenv("PATH", "%s:/usr/bin:/bin" % tmp_path)
    chosen, _, why = choose()
    assert chosen == runtime
    assert bool(why) == (runtime == "cpython")


def test_a_missing_micropython_is_reported_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr("ampacity_host.rig.process.runtime.CHECKOUT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    runtime, name, why = choose()
    assert (runtime, name.split()[0]) == ("cpython", "CPython")
    assert why.count("\n") == 0
    assert "no micropython here" in why


def test_a_program_that_is_no_micropython_has_no_version(tmp_path):
    assert version_of(str(tmp_path / "nothing")) is None
    assert version_of("/bin/true") is None
