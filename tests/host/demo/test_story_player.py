"""The teller plays a story on anything that speaks like a rig; here on a fake with a clock of its own."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import seen

from ampacity_host.demo import story_player as room
from ampacity_host.demo.story import Step, Story, waited
from ampacity_host.rig.ui.view_model import ViewModel


class FakeRig:
    """A rig whose time moves when the teller sleeps. modes: (from t_ms, mode) in order."""

    def __init__(self, modes=((0, "regulating"),)):
        self.now_s, self.done, self.modes = 0.0, [], modes

    def state(self):
        answer = seen.state(t_ms=int(self.now_s * 1000))
        answer["primary"]["mode"] = [mode for since_ms, mode in self.modes if answer["t_ms"] >= since_ms][-1]
        return answer

    def worst(self):
        return seen.worst()

    def csms_log(self, since):
        return {"frames": []}

    def ask(self, op, **fields):
        self.done.append((round(self.now_s), op, fields))


class Nothing:
    def paint(self):
        pass


@pytest.fixture
def play(monkeypatch):
    def play(rig, *steps, length_s=10.0):
        monkeypatch.setattr(room.time, "monotonic", lambda: rig.now_s)
        monkeypatch.setattr(room.time, "sleep", lambda s: setattr(rig, "now_s", rig.now_s + s))
        told = room.StoryPlayer(rig, ViewModel(), Nothing(), {name: 7000 for name in seen.state()["truth"]["circuits"]})
        told.play(Story(steps, length_s))
        return told
    return play


def test_steps_are_done_when_they_are_due(play):
    rig = FakeRig()
    told = play(rig, Step(2.0, "plug", {"evse": "evse-1"}), Step(4.0, "unplug", {"evse": "evse-1"}, "Gone", "He left.", "gone"))
    assert rig.done == [(2, "plug", {"evse": "evse-1"}), (4, "unplug", {"evse": "evse-1"})]
    assert [text for _, text in told.recording.marks] == ["gone"]
    assert told.model.headline == ("Gone", "He left.")


def test_it_looks_four_times_a_second(play):
    told = play(FakeRig(), length_s=5.0)
    assert len(told.recording.samples) in (21, 22)


def test_a_step_that_waits_for_a_mode_stops_the_clock_of_the_sequence(play):
    rig = FakeRig(((0, "quarantine"), (8000, "regulating")))
    play(rig, Step(2.0, "ev", wait="regulating"), Step(3.0, "unplug"), length_s=4.0)
    assert [(at_s, op) for at_s, op, _ in rig.done] == [(8, "ev"), (9, "unplug")]
    assert 9.5 < rig.now_s < 11


def test_a_mode_that_never_occurs_does_not_stop_the_sequence_permanently(play):
    rig = FakeRig(((0, "quarantine"),))
    play(rig, Step(1.0, "ev", wait="regulating"), length_s=2.0)
    assert [op for _, op, _ in rig.done] == ["ev"]
    assert rig.now_s < room.WAIT_S + 5


@pytest.mark.parametrize(("wait", "so"), [
    ("up", True), ("regulating", True), ("quarantine", False), ("evse-6 Charging", True), ("evse-6 Plugged", False)])
def test_steps_can_wait_for_these_conditions(wait, so):
    assert waited(wait, seen.state()["primary"]) is so
    assert not waited(wait, None)


def test_a_degraded_primary_regulates_the_remaining_evses():
    assert waited("regulating", {**seen.state()["primary"], "mode": "degraded"})
