"""`ampacity board check`: a shipped board has no finding, and each mistake is named by rule and field with what is allowed."""

import json
import re
from pathlib import Path

import pytest
from mistakes import MISTAKES
from typer.testing import CliRunner

from ampacity_host.board import check, find, loader, names, read
from ampacity_host.board.check import RULE_NAMES
from ampacity_host.board.loader import SCHEMA
from ampacity_host.board.rules.memory import least_heap_kib
from ampacity_host.cli import app
from ampacity_host.places import BOARDS
from tests.deep import sample

OF_A_CHIP = {"pwm-resolution", "pin-input-only"}  # no chip of a shipped board can have them: below


def run(*words):
    return CliRunner().invoke(app, ["board", *map(str, words)])


def changed(folder, board, old, new):
    text = (BOARDS / board / "board.toml").read_text()
    assert old in text, f"{board} has no {old!r}"
    path = folder / board / "board.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(old, new, 1))
    return path


def findings(path):
    done = run("check", path, "--json")
    assert done.exit_code in (0, 1), done.output
    report = json.loads(done.stdout)
    assert report["ok"] == (done.exit_code == 0) == (not report["findings"])
    return report["findings"]


@pytest.mark.parametrize("name", names())
def test_a_board_of_this_repository_has_no_finding(name):
    done = run("check", name)
    assert done.exit_code == 0, done.output
    assert "no finding in" in done.output


SITE_HEAD = """
[site]
name = "bench"
[[circuit]]
name = "main"
rating_a = 400
assumed_other_a = 10
[[bus]]
name = "line"
kind = "rtu"
port = "virtual"
"""


def site_of(folder, evses):
    """A site file of that many secondaries."""
    evse = '[[evse]]\nname = "e{0}"\nkind = "ampacity"\nbus = "line"\nunit = {0}\ncircuit = "main"\nmax_a = 16\n'
    path = folder / "site.toml"
    path.write_text(SITE_HEAD + "".join(evse.format(unit) for unit in range(1, evses + 1)))
    return path


def warned(board, site):
    done = run("check", board, "--heap-for", site, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["warnings"]


def test_a_site_that_fits_the_heap_has_no_warning(tmp_path):
    assert warned("rp2350", site_of(tmp_path, 16)) == [] and warned("linux-arm", site_of(tmp_path, 40)) == []


def test_a_site_that_does_not_fit_a_board_is_a_warning_for_each_variant(tmp_path):
    assert warned("rp2350", site_of(tmp_path, 17)) == ["rp2350:pico2-w: the site has 17 EVSEs; the board is declared for at most 16 (site.evses_max)"]
    many = changed(tmp_path, "rp2350", "heap_kib = 400", "heap_kib = 310")
    needs = "rp2350:pico2-w: a primary of {0} EVSEs needs a heap of {1} KiB{2}; the board has 310 KiB"
    assert warned(many, site_of(tmp_path, 32))[1:] == [needs.format(32, least_heap_kib(32, False), "")]
    site = site_of(tmp_path, 48)
    assert warned(many, site)[1:] == [needs.format(48, least_heap_kib(48, False), " (computed; measured for at most 32 EVSEs)")]
    done = run("check", "esp32-s3", "--heap-for", site)
    assert done.exit_code == 0 and "warning: esp32-s3:no-psram: the board is a secondary" in done.stdout


def test_a_site_file_that_is_refused_ends_the_check(tmp_path):
    (tmp_path / "site.toml").write_text("[site]\n")
    done = run("check", "rp2350", "--heap-for", tmp_path / "site.toml")
    assert done.exit_code == 1 and "site.toml" in done.stderr and not done.stdout


def test_more_evses_never_need_less_heap():
    needed = [least_heap_kib(evses, True) for evses in range(1, 100)]
    assert needed == sorted(needed) and needed[3] < needed[31] < needed[98]
    assert all(least_heap_kib(evses, False) < needed[evses - 1] for evses in range(1, 100))


def test_there_is_a_board_for_every_port():
    boards = [board for name in names() for board in read(find(name)).variants.values()]
    assert {board["port"] for board in boards} == set(loader.SCHEMA["properties"]["port"]["enum"])
    assert {board["pilot"]["kind"] for board in boards} == {"local", "serial", "none"}
    assert {"psram", "no-psram", "cm4", "cm5", "generic"} <= {board["variant"] for board in boards}


def test_a_range_of_pins_that_counts_backwards_takes_the_same_pins(tmp_path):
    path = changed(tmp_path, "rp2350", 'pins = ["23-25", "29"]', 'pins = ["25-23", "29"]')
    path.write_text(path.read_text().replace("out = { pin = 22 }", "out = { pin = 24 }"))
    assert [(each["rule"], each["field"]) for each in findings(path)] == [("pin-reserved", "led.0.out")]


@pytest.mark.parametrize("rule, field, board, old, new", MISTAKES, ids=[f"{row[0]}-{number}" for number, row in enumerate(MISTAKES)])
def test_a_mistake_is_named_by_rule_and_field_with_what_is_allowed(tmp_path, rule, field, board, old, new):
    path = changed(tmp_path, board, old, new)
    found = findings(path)
    assert (rule, field) in [(each["rule"], each["field"]) for each in found], found
    text = next(each["text"] for each in found if (each["rule"], each["field"]) == (rule, field))
    assert any(word in text for word in ("use ", "write ", "leave it out", "did you mean", "known are")), text


def test_every_rule_has_a_mistake_that_breaks_it():
    assert {row[0] for row in MISTAKES} | OF_A_CHIP == set(RULE_NAMES)


def with_chip(folder, old, new):
    """The board rp2350 in a folder whose chip is changed."""
    path = changed(folder, "rp2350", "", "")
    text = (BOARDS / "chips" / "rp2350a.toml").read_text()
    assert old in text
    (folder / "chips").mkdir()
    (folder / "chips" / "rp2350a.toml").write_text(text.replace(old, new))
    return findings(path)


def test_a_timer_too_coarse_for_the_pilot_is_found(tmp_path):
    found = with_chip(tmp_path, "bits = 16", "bits = 9")
    assert [(each["rule"], each["field"]) for each in found] == [("pwm-resolution", "pilot.pwm")]
    assert "has 512 steps at 1 kHz; use a timer with 1000 or more" in found[0]["text"]


def test_an_output_on_an_input_only_pin_is_found(tmp_path):
    found = with_chip(tmp_path, 'pins = ["0-29"]', 'pins = ["0-29"]\ninput_only = ["22"]')
    assert [(each["rule"], each["field"]) for each in found] == [("pin-input-only", "led.0.out")]


def test_a_resistor_inside_an_input_only_pin_is_found(tmp_path):
    found = with_chip(tmp_path, 'pins = ["0-29"]', 'pins = ["0-29"]\ninput_only = ["14", "21"]')  # 14 has an external resistor
    assert [(each["rule"], each["field"]) for each in found] == [("pin-input-only", "input.0.sense.pull")]
    assert found[0]["text"] == 'pin 21 has no resistor inside; use "external-up", and fit it'


def test_a_chip_file_that_is_not_valid_names_its_field(tmp_path):
    (found,) = with_chip(tmp_path, "bits = 16", "bits = 6")
    assert found["rule"] == "chip" and "bits" in found["text"] and "from 8 to 32" in found["text"], found


@pytest.mark.parametrize("path", sorted((BOARDS / "chips").glob("*.toml")), ids=lambda path: path.stem)
def test_a_chip_file_is_valid_and_named_as_its_file(path):
    assert loader.chip_facts(path.stem)["name"] == path.stem


def test_a_board_elsewhere_brings_its_own_chip(tmp_path):
    path = changed(tmp_path, "rp2350", 'chip = "rp2350a"', 'chip = "rp2350b"')
    (unknown,) = findings(path)
    assert unknown["rule"] == "chip" and "did you mean rp2350a?" in unknown["text"]
    (tmp_path / "chips").mkdir()
    chip = (BOARDS / "chips" / "rp2350a.toml").read_text().replace('name = "rp2350a"', 'name = "rp2350b"')
    (tmp_path / "chips" / "rp2350b.toml").write_text(chip)
    loader.chip_facts.cache_clear()
    assert findings(path) == []
    (tmp_path / "chips" / "rp2350b.toml").write_text("pins = \n")
    loader.chip_facts.cache_clear()
    assert [each["rule"] for each in findings(path)] == ["chip"]


def test_a_range_of_a_number_is_named(tmp_path):
    found = findings(changed(tmp_path, "rp2350", "max_a = 32", "max_a = 100"))
    assert [each["text"] for each in found] == ["100 is not allowed; use an integer from 6 to 80"]


def test_a_mistyped_field_and_pin_get_a_suggestion(tmp_path):
    (field,) = [each for each in findings(changed(tmp_path, "rp2350", "phases = 3", "phase = 3")) if each["field"] == "rating.phase"]
    assert "did you mean phases?" in field["text"]
    (pin,) = [each for each in findings(changed(tmp_path, "stm32h7", 'pin = "PB14"', 'pin = "PBB14"')) if each["rule"] == "pin-missing"]
    assert "did you mean PB14?" in pin["text"]


def test_a_mistyped_word_gets_a_suggestion(tmp_path):
    (found,) = findings(changed(tmp_path, "linux-arm", 'kind = "serial"', 'kind = "seriall"'))
    assert found["field"] == "pilot.kind" and found["text"].endswith('one of "local", "serial", "none"; did you mean serial?')


def test_a_finding_of_every_variant_is_listed_once_and_one_of_some_variants_names_the_first(tmp_path):
    (twice,) = findings(changed(tmp_path, "linux-arm", 'kind = "rauc"', 'kind = "esp32-ota"'))[:1]
    assert twice["variant"] == "cm4"
    (octal,) = findings(changed(tmp_path, "esp32-s3", "out = { pin = 7 }", "out = { pin = 35 }"))
    assert octal["variant"] == "psram" and "octal PSRAM" in octal["text"]


def test_a_waiver_needs_a_reason_and_is_printed(tmp_path):
    row = '[[waive]]\nrule = "contactor-rating"\nfield = "contactor.0.rating_a"\nreason = "%s"\n\n[watchdog]'
    path = changed(tmp_path, "rp2350", "rating_a = 40", "rating_a = 25")
    broken = path.read_text()
    path.write_text(broken.replace("[watchdog]", row % "the breaker in front has 25 A"))
    done = run("check", path)
    assert done.exit_code == 0 and "waived: contactor.0.rating_a: the breaker in front has 25 A" in done.output
    path.write_text(broken.replace("[watchdog]", row % "so"))
    assert [each["field"] for each in findings(path) if each["rule"] == "format"] == ["waive.0.reason"]


def test_an_input_that_wifi_blocks_is_not_proposed_in_its_own_place(tmp_path):
    path = changed(tmp_path, "esp32-s3", "adc = { pin = 2,", "adc = { pin = 20,")
    texts = [each["text"] for each in findings(path) if each["rule"] == "pin-adc"]
    assert texts == ["the ADC of pin 20 cannot be used while Wi-Fi runs; use an input of another unit: 1-10"]


def test_an_unknown_chip_is_the_only_finding_because_no_other_rule_was_applied(tmp_path):
    path = changed(tmp_path, "esp32-s3", 'chip = "esp32-s3"', 'chip = "esp32-s9"')
    assert [each["rule"] for each in findings(path)] == ["chip"]


def test_a_missing_word_of_the_pilot_is_reported_with_the_words_that_are_allowed(tmp_path):
    allowed = {key: SCHEMA["$defs"]["pilot"]["properties"][key]["enum"] for key in ("method", "reset_output")}
    for key, words in allowed.items():
        text = BOARDS.joinpath("esp32-s3", "board.toml").read_text()
        line = next(line for line in text.splitlines() if line.startswith(key + " ="))
        path = changed(tmp_path / key, "esp32-s3", line + "\n", "")
        (found,) = [each["text"] for each in findings(path) if each["field"] == f"pilot.{key}"]
        assert found.endswith("write one of " + ", ".join(f'"{word}"' for word in words))


def test_the_path_of_a_finding_is_the_one_that_can_be_typed_here(tmp_path, monkeypatch):
    path = changed(tmp_path, "rp2350", "max_a = 32", "max_a = 100")
    monkeypatch.chdir(path.parent.parent)
    assert run("check", path).output.startswith(f"error: {path.parent.name}/board.toml: ")


def test_an_unknown_board_is_wrong_usage_with_a_suggestion():
    done = run("check", "esp32s3")
    assert done.exit_code == 2 and "did you mean esp32-s3?" in done.output
    assert run("check", "/nowhere/board.toml").exit_code == 2


def test_a_folder_and_a_file_outside_the_repository_are_found(tmp_path, monkeypatch):
    path = changed(tmp_path, "unix", "desk", "desk")
    assert run("check", path.parent).exit_code == run("check", path).exit_code == 0
    monkeypatch.chdir(path.parent)
    assert run("check", "board.toml").exit_code == run("check", ".").exit_code == 0


STRANGE = [
    b"", b"\xff\xfe[\x00b\x00", b"variant = 3\n", b"[variant]\nname = 3\n", b"[[variant]]\n", b"[[variant]]\nname='a'\n" * 2, b"\x00", b"name = \n",
    b"[[variant]]\nname='a'\nmemory=[]\n", b"a" * (2 << 20), b"[[variant]]\nname='a'\nformat=nan\n",
]  # fmt: skip


@pytest.mark.parametrize("data", STRANGE, ids=range(len(STRANGE)))
def test_a_file_that_is_no_board_file_has_a_finding_and_no_traceback(tmp_path, data):
    path = tmp_path / "board.toml"
    path.write_bytes(data)
    found = findings(path)
    assert found and all(each["rule"] == "format" for each in found)


@pytest.mark.parametrize("board", sample(names(), 3))
def test_no_line_left_out_and_no_strange_value_ends_the_check_early(tmp_path, board):
    lines = (BOARDS / board / "board.toml").read_text().splitlines()
    path = tmp_path / board / "board.toml"
    path.parent.mkdir(parents=True)
    strange = ("-1", "0", '"x"', "[]", "{}", "true", "1e999", "99999999999")
    for number, line in enumerate(lines):
        value = re.sub(r"= [^=]*$", "= " + strange[number % len(strange)], line)
        changes = [[], [value], [re.sub(r"\d+", "0", line)], [re.sub(r"\d+", "999", line)]]
        path.write_text("\n".join(lines[:number] + changes[number % 4] + lines[number + 1 :]))
        assert isinstance(check(read(path)), list)


KNOWN = {
    # strapping pins under LEDs and CP switch, no mirror contact, no test of the detector; inputs that are inputs only are no finding
    "single-chip": {
        ("pin-strapping", "led.0.out"), ("pin-strapping", "led.2.out"), ("pin-strapping", "pilot.disconnect"),
        ("function-missing", "contactor.0.feedback"), ("function-missing", "rcd.test"),
        ("pin-pull", "contactor.0.drive.pull"), ("pin-pull", "serial.0.de.pull"),
    },
    # a kit without CP switch, detector, lock and mirror contact; at -12.6 V the converter sees less than it can read
    "devkit": {
        ("pin-strapping", "serial.1.tx"), ("pin-strapping", "serial.1.rx"), ("pin-strapping", "input.0.sense"),
        ("function-missing", "pilot.disconnect"), ("function-missing", "rcd"), ("function-missing", "lock"),
        ("function-missing", "contactor.0.feedback"), ("adc-range", "pilot.adc"),
        ("pin-pull", "contactor.0.drive.pull"), ("pin-pull", "serial.0.de.pull"),
    },
    # likewise, with a cable of its own; its console is on the pins of the interpreter's prompt
    "minimal-s3": {
        ("pin-reserved", "serial.0.tx"), ("pin-reserved", "serial.0.rx"), ("pin-strapping", "input.0.sense"),
        ("function-missing", "pilot.disconnect"), ("function-missing", "rcd"), ("function-missing", "contactor.0.feedback"),
        ("adc-range", "pilot.adc"), ("pin-pull", "contactor.0.drive.pull"),
    },
    # its pilot module hangs on an adapter, which is no UART of the chip
    "pi-header": {("uart", "serial.0.device")},
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_the_pins_of_a_public_controller_have_the_findings_that_its_schematic_gives_reason_for(name):
    folder = Path(__file__).parent / "known"
    assert {path.stem for path in folder.glob("*.toml")} == set(KNOWN)
    assert {(each["rule"], each["field"]) for each in findings(folder / f"{name}.toml")} == KNOWN[name]
