"""The live view, drawn from recorded answers."""

import io
import os
import re
import select
import sys
import termios
from pathlib import Path

import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))

import seen

from ampacity_host.demo.story import STORY
from ampacity_host.rig.ui.bars import bar
from ampacity_host.rig.ui.keyboard import Keys
from ampacity_host.rig.ui.labels import leader, status_line
from ampacity_host.rig.ui.live import Lines, Screen
from ampacity_host.rig.ui.render import screen
from ampacity_host.rig.ui.view_model import ViewModel


def drawn(model, width=100, height=40):
    console = Console(width=width, height=height, file=io.StringIO(), color_system=None, legacy_windows=False)
    lines = console.render_lines(screen(model, width, height), console.options.update(width=width, height=height))
    return ["".join(segment.text for segment in line) for line in lines]


@pytest.mark.parametrize(("width", "height"), [(100, 40), (80, 24), (200, 60)])
def test_the_screen_fits_the_terminal(width, height):
    lines = drawn(seen.model(), width, height)
    assert len(lines) == height
    assert all(len(line) == width for line in lines)


def test_at_100_by_40_every_circuit_and_every_evse_has_its_row():
    text = "\n".join(drawn(seen.model()))
    for name in [*seen.state()["truth"]["circuits"], *seen.state()["truth"]["evses"]]:
        assert name in text


def test_a_row_shows_status_order_current_energy_and_why():
    line = next(line for line in drawn(seen.model(), 140) if "evse-6" in line)
    for word in ("heidelberg", "Charging", "C2", "6.0", "house L2 (63.0 A)"):
        assert word in line


def test_circuits_show_the_least_margin_and_the_time_above_the_rating():
    line = next(line for line in drawn(seen.model()) if "house" in line and "63 A" in line)
    assert "-8.5 A 1.5 s" in line


def test_without_a_primary_the_truth_is_still_shown():
    text = "\n".join(drawn(seen.model("down")))
    assert "primary down" in text
    assert "alone" in text
    assert "holds its last order" in text


def telling(which="charging", step=None):
    """A ViewModel in the middle of the story, by default where it has most to say."""
    model = seen.model(which)
    step = step or max((one for one in STORY.steps if one.title), key=lambda one: len(one.words))
    model.headline, model.progress, model.asks = (step.title, step.words), (33_000, 99_000), True
    return model


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 40), (120, 40), (200, 60)])
def test_the_whole_story_and_every_evse_are_on_the_screen(width, height):
    for step in STORY.steps:
        if step.title:
            lines = drawn(telling(step=step), width, height)
            assert all(len(line) == width for line in lines) and len(lines) == height
            text = " ".join(" ".join(line.strip("│╭╮╰╯─ ") for line in lines).split())
            assert step.title in text and " ".join(step.words.split()) in text, text
            for name in [*seen.state()["truth"]["circuits"], *seen.state()["truth"]["evses"]]:
                assert sum(line.lstrip("│ ").startswith(name + " ") for line in lines) == 1, name


def test_there_is_one_clock_on_the_screen():
    for size in ((80, 24), (120, 40)):
        assert set(re.findall(r"\b\d+:\d\d\b", "\n".join(drawn(telling(), *size)).replace("127.0.0.1:1", ""))) == {"0:33"}


@pytest.mark.parametrize("height", [17, 24, 40])
def test_evses_without_a_row_are_counted_with_what_they_do_and_those_with_a_car_have_one(height):
    model = seen.model()
    truth, views = model.state["truth"]["evses"], model.state["primary"]["evses"]
    for number in range(9, 60):
        truth["evse-%d" % number] = dict(truth["evse-7"], plugged=number == 59)
        views["evse-%d" % number] = dict(views["evse-7"], status="Charging" if number == 59 else "Available")
    lines = drawn(model, 80, height)
    text = "\n".join(lines)
    rows = [line for line in lines if line.lstrip("│ ").startswith("evse-") and "ordered" not in line]
    counted = int(re.search(r"and (\d+) more EVSEs: .*\d+ Available", text)[1])
    assert len(rows) + counted == 59 and len(rows) >= 1
    assert height < 24 or any(line.lstrip("│ ").startswith("evse-59") for line in lines)


def test_circuits_without_a_row_are_counted_and_the_tightest_have_one():
    model = seen.model()
    circuits = model.state["truth"]["circuits"]
    for number in range(40):
        circuits["c-%d" % number] = dict(circuits["row-a"], amps=[31.0 if number == 33 else 1.0] * 3)
        model.worst["circuits"]["c-%d" % number] = model.worst["circuits"]["row-a"]
    for height in (24, 40):
        lines = drawn(model, 80, height)
        assert len(lines) == height and any(line.lstrip("│ ").startswith("c-33") for line in lines)
        rows = sum(bool(re.match(r"[│ ]*(c-\d+|house|garage|row-.) ", line)) for line in lines)
        assert rows + int(re.search(r"and (\d+) more circuits", "\n".join(lines))[1]) == 44


def test_an_evse_of_a_primary_below_is_shown_as_that_primary_sees_it():
    model = seen.model()
    top = model.state["primary"]
    model.state["truth"]["evses"]["street.row.post"] = model.state["truth"]["evses"].pop("evse-6")
    top["below"] = {"street": None, "street.row": {"evses": {"street.row.post": top["evses"].pop("evse-6")}}}
    assert leader(model, "street.row.post")[1] == "street.row" and leader(model, "street.x") == (None, "")
    text = "\n".join(drawn(model, 140))
    assert "alone" not in text and "Charging" in next(line for line in text.split("\n") if "street" in line)
    model.state["primary"]["below"]["street.row"] = None
    assert "alone" in "\n".join(drawn(model, 140))


def test_phases_are_distinguished_without_colour_if_only_one_number_fits():
    row = next(line for line in drawn(seen.model(), 80, 24) if line.startswith("evse-5"))
    assert "6.0 ·2·" in row


def test_a_question_mark_explains_the_words_and_the_next_one_leads_back():
    class Typed:
        there, keys = True, "?"

        def __enter__(self):
            return self

        def typed(self):
            return self.keys

        def __exit__(self, *_):
            pass

    model, typed = seen.model(), Typed()
    painter = Screen(model, Console(width=80, height=24, file=io.StringIO(), force_terminal=True), typed)
    with painter:
        painter.paint()
        text = "\n".join(drawn(model, 80, 24))
        assert "…" not in text.split("\n", 1)[1]
        for word in ("bound", "CP", "quarantine", "least, above", "Suspended", "back to the site"):
            assert word in text
        typed.keys = ""
        painter.paint()
        assert model.asked
        typed.keys = "?"
        painter.paint()
        assert not model.asked and "? explains" in drawn(model, 80, 24)[0]


def test_keys_come_without_enter_and_the_terminal_is_left_as_it_was(monkeypatch):
    person, terminal = os.openpty()
    with open(terminal, closefd=False) as stream, Keys(stream) as behind:
        assert not behind.there  # not the terminal that this program is in front of
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    with open(terminal, closefd=False) as stream:
        before = termios.tcgetattr(terminal)
        with Keys(stream) as keys:
            assert keys.there and keys.typed() == ""
            os.write(person, b"?")
            assert select.select([terminal], [], [], 30)[0] and keys.typed() == "?"
        assert termios.tcgetattr(terminal) == before
    os.close(person)
    os.close(terminal)
    with Keys(io.StringIO()) as none:
        assert not none.there and none.typed() == ""


def test_a_violation_is_in_the_first_line():
    model = seen.model()
    model.worst["circuits"]["row-a"]["violation_ms"] = [0, 1200, 0]
    assert "VIOLATION: row-a" in drawn(model)[0]


@pytest.mark.parametrize(("amps", "other", "expected"), [
    (0.0, 0.0, "··········"), (32.0, 0.0, "██████████"), (16.0, 8.0, "▒▒███·····"), (0.1, 0.0, "█·········"),
    (40.0, 0.0, "█████████!"), (40.0, 40.0, "▒▒▒▒▒▒▒▒▒!")])
def test_a_bar_shows_other_load_evses_and_free_current(amps, other, expected):
    assert bar(amps, other, 32.0, 10).plain == expected


def test_a_status_line_names_the_fullest_phase_of_each_circuit_and_the_drawing_evses():
    line = status_line(seen.model())
    assert "primary regulating" in line
    assert "house 58.0/63 A" in line
    assert "evse-6 6.0" in line
    assert "evse-2" not in line


def test_changes_between_two_answers_become_events():
    model = ViewModel()
    model.take(seen.state())
    after = seen.state()
    after["primary"]["mode"] = "degraded"
    after["primary"]["circuits"]["house"]["meter"] = "lost"
    after["primary"]["evses"]["evse-6"]["order_a"] = 0.0
    after["truth"]["evses"]["evse-6"].update(watchdog="expired", order_a=0.0)
    after["truth"]["circuits"]["house"]["amps"][1] = 70.0
    model.take(after)
    texts = [text for _, _, text in model.events]
    assert "the primary goes from regulating to degraded" in texts
    assert any("meter of house is lost" in text for text in texts)
    assert "evse-6: ordered 0.0 A (was 6.0 A)" in texts
    assert any("evse-6: its watchdog ran out" in text for text in texts)
    assert "house L2 at 70.0 A, above its 63.0 A" in texts


def test_the_same_answer_twice_is_no_event():
    model = ViewModel()
    model.take(seen.state())
    model.take(seen.state())
    assert not model.events


def test_a_primary_that_stops_and_returns_is_reported():
    model = ViewModel()
    for answer in (seen.state(), seen.state("down"), seen.state()):
        model.take(answer)
    texts = [text for _, kind, text in model.events if kind == "primary"]
    assert texts == ["the primary does not answer", "the primary is back, in regulating"]


def frame(t_ms, text, direction="in"):
    return {"t_ms": t_ms, "dir": direction, "text": text}


def test_frames_that_were_known_are_not_taken_twice():
    model = ViewModel()
    first = [frame(5, '[2,"1","Authorize",{"idToken":{"idToken":"ANNA"}}]'), frame(7, '[2,"2","BootNotification",{"reason":"PowerUp"}]')]
    model.take(frames=model.unknown(first))
    again = [first[1], frame(7, '[3,"1",{"idTokenInfo":{"status":"Accepted"}}]', "out")]
    model.take(frames=model.unknown(again))
    assert [text for _, _, text in model.frames] == ["Authorize ANNA", "BootNotification PowerUp", "Authorize: Accepted"]


def test_a_frame_that_is_not_ocpp_is_shown_as_that():
    model = ViewModel()
    model.take(frames=[frame(1, "nonsense"), frame(2, "[]")])
    assert all(text.startswith("not OCPP") for _, _, text in model.frames)


def test_lines_print_each_event_once():
    model, console = seen.model(), Console(file=io.StringIO(), width=120)
    lines = Lines(model, console, each=100)
    model.note("story", "The line is cut")
    lines.paint()
    lines.paint()
    assert console.file.getvalue().count("== The line is cut") == 1
