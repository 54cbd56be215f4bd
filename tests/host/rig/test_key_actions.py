"""What the keys of `ampacity rig --ui` do: each is an operation of the control channel, on a whole site at a virtual clock."""

import asyncio
import io
import json
import random
import re

import pytest
from rich.cells import cell_len
from rich.console import Console
from test_virtual_bench import SITE, bench

from ampacity_host.rig.control_channel.do_command import request_of
from ampacity_host.rig.control_channel.operations import KNOWN, Ops
from ampacity_host.rig.control_channel.server import ControlServer
from ampacity_host.rig.ui.help_pages import KEYS as EXPLAINED
from ampacity_host.rig.ui.key_actions import KEYS, Actions, requests
from ampacity_host.rig.ui.keyboard import HELD_MAX, KeyDecoder
from ampacity_host.rig.ui.live import feed, kinds_of
from ampacity_host.rig.ui.render import screen
from ampacity_host.rig.ui.view_model import ViewModel

UP, DOWN = "\x1b[A", "\x1b[B"


class Seat:
    """A person before the view of a bench: `await type(…)` presses keys one after another, and each has come to its end."""

    def __init__(self, folder, text=SITE):
        self.bench = bench(folder, text)
        self.ops = Ops(self.bench)
        self.control = ControlServer(self.ops)
        self.model = ViewModel(self.bench.facts["name"], kinds_of(self.bench.facts))
        self.actions = Actions(self.model, requests(self.control), self.bench.fault_injector, self.bench.plant.circuits[0].name, virtual=True)

    async def see(self):
        await feed(self.model, self.ops, True)
        return self

    async def type(self, text):
        self.actions.press(text)
        self.actions.press("")
        while self.actions._work is not None:
            await asyncio.wait([self.actions._work], timeout=30)
            assert self.actions.over
            await self.see()
            self.actions.release()
            self.actions.press("")
        return self

    def shown(self, width=80, height=24):
        console = Console(width=width, height=height, file=io.StringIO(), color_system=None, legacy_windows=False)
        lines = console.render_lines(screen(self.model, width, height), console.options.update(width=width, height=height))
        rows = ["".join(segment.text for segment in line) for line in lines]
        assert len(rows) == height and all(cell_len(row) == width for row in rows)
        return "\n".join(rows)


def seated(folder, person, text=SITE):
    async def sit():
        seat = Seat(folder, text)
        await seat.see()
        await person(seat)

    asyncio.run(sit())


def test_one_key_plugs_a_car_in_and_out_at_the_evse_that_was_chosen(tmp_path):
    async def person(seat):
        await seat.type("2p")
        name = seat.actions.names[1]
        assert seat.model.state["truth"]["evses"][name]["plugged"]
        assert seat.actions.result == (True, "plug %s: ok" % name) and ("plug %s: ok" % name) in seat.shown()
        assert re.search("(?m)^›2 %s " % name, seat.shown())
        await seat.type(UP + UP + "p" + DOWN + DOWN + "p")
        plugged = [one["plugged"] for one in seat.model.state["truth"]["evses"].values()]
        assert plugged == [False] * (len(plugged) - 1) + [True]

    seated(tmp_path, person)


def test_keys_present_a_card_pause_a_car_set_other_load_and_kill_the_primary(tmp_path):
    async def person(seat):
        heard = []
        seat.bench.present = lambda evse, event: heard.append((evse, event))
        await seat.type("pce")
        assert heard == [(seat.actions.names[0], ("token", "CARD-1", "ISO14443"))]
        assert seat.model.state["truth"]["evses"][seat.actions.names[0]]["hungry"] is False
        await seat.type("+++-")
        root = seat.bench.plant.circuits[0].name
        assert seat.model.state["truth"]["circuits"][root]["other"] == [10.0, 10.0, 10.0]
        await seat.type("-----")
        assert seat.model.state["truth"]["circuits"][root]["other"] == [0.0, 0.0, 0.0]
        await seat.type("o 1 2 3\r")
        assert seat.model.state["truth"]["circuits"][root]["other"] == [1.0, 2.0, 3.0]
        await seat.type("k")
        assert seat.model.state["primary"] is None
        await seat.type("w")
        assert not seat.actions.result[0] and seat.actions.page is None
        await seat.type("kttt")
        assert seat.model.state["primary"]["mode"] == "quarantine" and seat.model.t_ms == 19_000
        await seat.type("w")
        assert seat.actions.page[0] == "console why %s" % seat.actions.names[0] and "back to the site" in seat.shown()
        await seat.type("\x1b")
        assert seat.actions.page is None
        plugged = seat.model.state["truth"]["evses"][seat.actions.names[0]]["plugged"]
        await seat.type("wp")  # the key behind it counts, whether the answer is there yet or not
        assert seat.actions.page is None and seat.model.state["truth"]["evses"][seat.actions.names[0]]["plugged"] is not plugged
        await seat.type("ww")
        assert seat.actions.page is None

    seated(tmp_path, person)


def test_a_fault_is_begun_and_ended_from_its_page(tmp_path):
    async def person(seat):
        await seat.type("1f")
        assert "faults of %s" % seat.actions.evse in seat.shown() and "welded" in seat.shown()
        await seat.type(DOWN + DOWN + UP + "\r")
        kind = seat.bench.fault_injector.kinds_at(seat.actions.evse)[1]
        assert seat.model.state["faults"] == [{"kind": kind, "target": seat.actions.evse}]
        assert "1 fault " in seat.shown().split("\n")[0]
        await seat.type("f" + DOWN)
        assert "● " + kind in seat.shown()
        await seat.type("\r")
        assert seat.model.state["faults"] == []
        await seat.type("fp")
        assert seat.actions.target is not None and not seat.actions.truth["plugged"]
        await seat.type("\x1b")
        assert seat.actions.target is None

    seated(tmp_path, person)


def test_every_kind_that_the_page_shows_fits_its_target(tmp_path):
    """What needs more than its name comes as a line to be ended by hand."""

    async def person(seat):
        assert set(seat.bench.fault_injector.targets()) > {"grid", "rs485-1", "primary"}
        said = {"miswired": "L1,L2,L3", "same_unit": "77", "clock_jump": "60"}
        for target in seat.bench.fault_injector.targets():
            kinds = seat.bench.fault_injector.kinds_at(target)
            assert len(kinds) == len(set(kinds)), target
            for kind in kinds:
                seat.actions.target, seat.actions.kind = target, kinds.index(kind)
                await seat.type("\r")
                if seat.actions.line is not None:
                    lines = len(seat.bench.plant.point[target].terminals) if kind == "miswired" else 3
                    await seat.type(said[kind][:3 * lines - 1] + "\r")
                assert seat.actions.result[0], seat.actions.result
                await seat.type(":fault %s %s off\r" % (kind, target))
                assert seat.actions.result[0] and seat.model.state["faults"] == [], seat.actions.result
        await seat.type(":fault cut lan\r:fault dead grid\r:fault restart %s\r" % seat.actions.evse)
        assert [one["target"] for one in seat.model.state["faults"]] == ["lan", "grid"]  # what happens once is not on

    seated(tmp_path, person)


def test_a_refusal_of_the_rig_is_a_sentence_in_the_view(tmp_path):
    async def person(seat):
        for typed, words in ((":unplug a\r", "an EVSE with a car plugged in"), (":plgu\r", "did you mean plug?"),
                             (":limit main x\r", "a number of at least 0"), ("9", "there is no EVSE 9"), ("x", "no key x here"),
                             ("e", "a car plugged in"), (":csms Reset {\r", "cannot csms")):
            await seat.type(typed)
            assert seat.actions.result[0] is False and words in seat.actions.result[1], seat.actions.result
            assert words in " ".join(seat.shown().split()), seat.shown()
        await seat.type(":plug " + "é" * 900 + "\x1b")
        assert seat.actions.line is None
        await seat.type(":state\r")
        assert "quarantine" in str(seat.actions.page) or "regulating" in str(seat.actions.page)

    seated(tmp_path, person)


def test_an_operation_that_does_not_end_does_not_block_the_view_and_is_abandoned(tmp_path, monkeypatch):
    monkeypatch.setattr("ampacity_host.rig.ui.key_actions.PATIENCE_S", 0.05)

    async def person(seat):
        async def never(_):
            await asyncio.Event().wait()

        seat.actions._ask = never
        await seat.type("pp")
        assert seat.actions.result[0] is False and "no answer within" in seat.actions.result[1]
        seat.actions.press("p")
        assert "plug %s …" % seat.actions.evse in seat.shown()
        await seat.actions.close()

    seated(tmp_path, person)


def test_a_key_after_another_relies_on_its_effect(tmp_path):
    async def person(seat):
        await seat.type("pppp1p")
        assert seat.actions.truth["plugged"] and seat.actions.result[0]
        await seat.type("p" * (HELD_MAX + 9))
        assert seat.actions.truth["plugged"] and "none of them was taken" in seat.actions.result[1]

    seated(tmp_path, person)


def test_no_keys_crash_the_rig_at_any_terminal_size(tmp_path):
    """Drawn keys, sequences cut in pieces and other characters, the line among them; `stop` is left out."""

    async def person(seat):
        rng = random.Random(11)
        pieces = [*KEYS, *"0123456789?zé\x00\x01\x7f\t\r\n \x04\ufffd中", "\x1b", "\x1b[", "A", UP, DOWN, "\x1b[C", "\x1b[5~", "\x1b[1;5A", "\x1bOB",
                  *(":" + op + " " for op in KNOWN if op not in ("stop", "site", "advance")), "limit", "off", "-1", "1e999", "a=b",
                  "{}", "on", *["\r"] * 30]
        answers = []

        async def ask(request):
            answers.append(await seat.control.answer(json.dumps(request).encode()))
            return answers[-1]

        seat.actions._ask = ask
        for number in range(600):
            await seat.type(rng.choice(pieces))
            if number % 5 == 0:
                seat.shown(rng.choice((1, 5, 20, 80, 120)), rng.choice((1, 2, 5, 24, 40)))
        well = sum(one["ok"] for one in answers)
        assert well > 20 and len(answers) - well > 20
        faults = [one["error"] for one in answers if "own fault" in str(one.get("error"))]
        assert faults == []

    seated(tmp_path, person)


def test_pages_of_keys_and_words_follow_each_other_and_every_key_is_explained(tmp_path):
    async def person(seat):
        await seat.type("?")
        for words, _ in EXPLAINED:
            assert words in seat.shown()
        assert "…" not in seat.shown().split("\n", 1)[1]
        await seat.type("?")
        assert "least, above" in seat.shown()
        await seat.type("?")
        assert "›1 " in seat.shown()
        await seat.type("?\x1b")
        assert not seat.model.asked

    seated(tmp_path, person)
    explained = " ".join(words for words, _ in EXPLAINED)
    assert all(key in explained.split() for key in KEYS if len(key) == 1)


def test_every_fault_of_an_evse_fits_80_by_24(tmp_path):
    async def person(seat):
        for number in range(len(seat.actions.names)):
            seat.actions.chosen = number
            await seat.type("f")
            page = seat.shown()
            assert all(kind in page.split() or "›" in page for kind in seat.actions.kinds)
            assert all(re.search(r"\b%s\b" % kind, page) for kind in seat.actions.kinds)
            await seat.type("\x1b")

    seated(tmp_path, person)


@pytest.mark.parametrize(("typed", "keys"), [
    (["\x1b[A"], ["up"]), (["\x1b", "[", "B"], ["down"]), (["\x1b", ""], ["escape"]), (["\x1b[", ""], ["escape"]), (["\x1bp"], ["escape", "p"]),
    (["\x1b[5~x"], ["x"]), (["p\x1bOAq\r"], ["p", "up", "q", "enter"]), (["\x00\x01é"], ["é"]), (["\x1b\x1b[A", ""], ["escape", "up"])])
def test_characters_become_keys_in_any_chunks(typed, keys):
    reader = KeyDecoder()
    assert [key for text in typed for key in reader.keys(text)] == keys


def test_lists_of_lines_need_no_json():
    assert request_of("fault miswired bay-1 phases=L2,L3,L1".split()) == (
        "fault", {"kind": "miswired", "target": "bay-1", "phases": ["L2", "L3", "L1"]})
    assert request_of("fault reversed grid inputs=L3".split())[1]["inputs"] == ["L3"]
