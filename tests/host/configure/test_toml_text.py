"""Files as people and their editors write them: each slip is named with its line and its cure, all of them at once."""

import socket
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.configure import SiteErrors, load_site
from ampacity_host.configure.site_file.toml_text import MOST

SITE = """[site]
name = "garage"

[[circuit]]
name = "main"
rating_a = 63.0

[[bus]]
name = "line"
kind = "rtu"
port = "/dev/ttyAMA0"

[[evse]]
name = "bay-1"
kind = "ampacity"
bus = "line"
unit = 1
circuit = "main"
max_a = 32.0
"""


def said(tmp_path, data):
    """The mistakes of a file with that content."""
    path = tmp_path / "site.toml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    return [str(mistake).removeprefix(f"{path}:") for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("there", "instead", "line", "texts"),
    [
        ("63.0", "63,0", 6, ("decimal comma", "63.0")),
        ('"bay-1"', '"bay-1', 14, ("unclosed quote",)),
        ('"bay-1"', 'bay-1"', 14, ("quote",)),
        ('"bay-1"', "“bay-1”", 14, ("typographic quotes",)),
        ('"rtu"', "rtu", 10, ("without quotes", '"rtu"')),
        ("63.0", "63 A", 6, ("number alone: 63",)),
        ("63.0", "63A", 6, ("number alone: 63",)),
        ("rating_a = ", "rating_a: ", 6, ("colon", "rating_a =")),
        ("63.0", "63.0;", 6, ("semicolon",)),
        ("63.0", "", 6, ("without a value",)),
        ("[[evse]]", "[[evse]", 13, ("brackets", "[[evse]]")),
        ("[[evse]]", "[evse", 13, ("brackets", "[evse]")),
        ("rating_a = 63.0", "rating_a = 63.0\nrating_a = 50.0", 7, ("rating_a is already in line 6",)),
        ('port = "/dev/ttyAMA0"', "[site]", 11, ("[site] is already in line 1",)),
        ("garage", "gar\0age", 2, ("control character (0x00)",)),
        ("max_a = 32.0", "max_a = " + "[" * 3000 + "]" * 3000, 0, ("nested too deeply",)),
    ],
)
def test_a_syntax_error_is_named_with_its_line_and_remedy(tmp_path, there, instead, line, texts):
    found = said(tmp_path, SITE.replace(there, instead, 1))
    assert len(found) == 1, found
    assert found[0].startswith(f"{line}: " if line else " site file")
    for text in texts:
        assert text in found[0]


def test_all_syntax_errors_of_a_file_are_reported_together(tmp_path):
    text = SITE.replace("63.0", "63,0").replace("32.0", "32,0").replace('"rtu"', "rtu")
    assert [int(each.split(":")[0]) for each in said(tmp_path, text)] == [6, 10, 19]


FURTHER = ("evse \"bay-1\": unit: 300 is not allowed", "evse \"bay-1\": max_amps: is unknown", "there is no circuit \"mian\"")


@pytest.mark.parametrize("slip", ["63,0", "63 A", "63.0;", "63A"])
def test_a_syntax_error_hides_no_other_mistake(tmp_path, slip):
    wrong = SITE.replace("unit = 1", "unit = 300\nmax_amps = 3").replace('circuit = "main"', 'circuit = "mian"')
    alone, beside = said(tmp_path, wrong), said(tmp_path, wrong.replace("63.0", slip))
    assert sorted(alone + beside[:1]) == sorted(beside) and beside[0].startswith("6: site file: "), beside
    for text in FURTHER:
        assert any(text in each for each in alone), alone


@pytest.mark.parametrize(("there", "instead"), [
    ('name = "bay-1"', 'name = "bay-1'), ('bus = "line"', "bus ="), ("max_a = 32.0", "max_a = 1 2"), ("max_a = 32.0", "what is this"),
    ('circuit = "main"', "circuit = maïn x"),
])  # fmt: skip
def test_an_unreadable_line_neither_hides_nor_invents_mistakes(tmp_path, there, instead):
    found = said(tmp_path, SITE.replace(there, instead).replace("63.0", "true").replace("unit = 1", "unit = 300"))
    assert len(found) == 3 and "6: circuit" in found[0] and sum("unit: 300 is not allowed" in each for each in found) == 1, found


@pytest.mark.parametrize("open_end", ["[63.0, 63.0", '"""63.0', "{ a = 1"])
def test_an_unclosed_bracket_or_text_invents_no_other_mistake(tmp_path, open_end):
    found = said(tmp_path, SITE.replace("63.0", open_end))
    assert len(found) < 3 and all("site file: " in each for each in found), found


def test_a_syntax_error_in_a_profile_hides_no_other_mistake(tmp_path):
    path = tmp_path / "evse-keba-p30.toml"
    text = (PROFILES / "evse-keba-p30.toml").read_text().replace("gap_ms = 10\n", "gap_ms = 10 ms\n").replace('"high-first"', '"big"')
    path.write_text(text)
    done = command("profile", "check", path)
    assert "write the number alone: 10" in done.stdout and 'link.words: "big" is not allowed' in done.stdout and done.stdout.count("error:") == 2


def test_other_encodings_are_named(tmp_path):
    text = SITE.replace('"garage"', '"garage" # für')
    assert "2: site file: is not UTF-8: byte 0xfc (in Windows-1252: ü); save it as UTF-8" in said(tmp_path, text.encode("latin-1"))[0]
    assert "UTF-16" in said(tmp_path, text.encode("utf-16"))[0] and "UTF-16" in said(tmp_path, text.encode("utf-16-le"))[0]


def test_a_byte_order_mark_and_ends_of_lines_of_another_system_are_read(tmp_path):
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode())
    assert load_site(path).name == "garage"


@pytest.mark.parametrize(
    ("there", "instead", "text"),
    [
        ("[[evse]]", "[[charger]]", "did you mean [[evse]]?"),
        ("[[evse]]", "[[evses]]", "did you mean [[evse]]?"),
        ("[[evse]]", "[[wallbox]]", "did you mean [[evse]]?"),
        ("[[circuit]]", "[[circiut]]", "did you mean [[circuit]]?"),
        ("[[bus]]", "[[modbus]]", "did you mean [[bus]]?"),
        ('circuit = "main"', 'circuit = "mian"', 'did you mean "main"?'),
        ('bus = "line"', 'bus = "lines"', 'did you mean "line"?'),
        ('"ampacity"', '"keba"', 'did you mean "keba-p30"?'),
        ('"ampacity"', '"hedelberg"', 'did you mean "heidelberg-energy-control"?'),
        ('"ampacity"', '"Ampacity2"', "use the name of a profile"),
        ('"ampacity"', '"ampcity"', 'did you mean "ampacity"?'),
        ("rating_a", "ratings_a", "did you mean rating_a?"),
    ],
)
def test_the_probable_intention_is_suggested(tmp_path, there, instead, text):
    assert any(text in each for each in said(tmp_path, SITE.replace(there, instead, 1)))


def test_a_file_that_is_too_large_or_has_too_many_is_refused_in_seconds(tmp_path):
    one = SITE[SITE.index("[[evse]]") :]
    started = time.monotonic()
    assert "has 90001 [[evse]]; use at most 1000" in said(tmp_path, SITE + one * 90000)[0]
    assert "has 1001 [[circuit]]" in said(tmp_path, SITE + '[[circuit]]\nname = "c"\n' * 1000)[0]
    inline = "evse = [" + "{}," * 2000 + "]\n" + SITE[: SITE.index("[[evse]]")]
    assert f"has 2000 [[evse]]; use at most {MOST['evse']}" in said(tmp_path, inline)[0]
    assert time.monotonic() - started < 30


def command(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_file_that_is_too_large_is_reported(tmp_path):
    assert "is 2.0 MiB large; use at most 1 MiB" in said(tmp_path, SITE + "#" * (2 << 20))[0]


def test_devices_are_found_by_a_part_of_name_manufacturer_or_model():
    everything = command("devices")
    assert everything.exit_code == 0 and "evse   keba-p30" in everything.stdout and "meter  eastron-sdm630" in everything.stdout
    one = command("devices", "kecontact")
    assert one.exit_code == 0 and 'kind = "keba-p30"' in one.stdout and "class A" in one.stdout
    assert 'profile = "eastron-sdm630"' in command("devices", "eastron-sdm630").stdout
    assert len(command("devices", "sdm").stdout.splitlines()) > 3
    none = command("devices", "hedelberg")
    assert none.exit_code == 1 and "did you mean heidelberg-energy-control?" in none.stderr


PROFILES = Path(__file__).parents[3] / "firmware" / "ampacity" / "profiles"


@pytest.mark.parametrize("name", ["evse-keba-p30", "evse-heidelberg-energy-control", "meter-eastron-sdm630", "meter-sunspec"])
def test_a_good_profile_passes_its_check_in_any_folder(tmp_path, name, monkeypatch):
    copy = tmp_path / f"{name}.toml"
    copy.write_text((PROFILES / f"{name}.toml").read_text())
    monkeypatch.chdir(tmp_path)
    done = command("profile", "check", copy.name)
    assert done.exit_code == 0 and "can be used" in done.stdout, done.stdout


def test_any_error_of_a_profile_is_reported_as_a_sentence(tmp_path):
    good = (PROFILES / "evse-heidelberg-energy-control.toml").read_text().splitlines()
    path = tmp_path / "evse-heidelberg-energy-control.toml"
    refused = 0
    for number in range(0, len(good), 4):
        for instead in ("", good[number].split("=")[0] + "= []", good[number].split("=")[0] + '= "?"', good[number][:-1]):
            path.write_text("\n".join(good[:number] + [instead] + good[number + 1 :]))
            done = command("profile", "check", path)
            assert done.exit_code in (0, 1) and (done.exception is None or isinstance(done.exception, SystemExit)), (number, instead, done.exception)
            refused += done.exit_code
            for line in done.stdout.splitlines():
                assert len(line) < 600
    assert refused > len(good) // 4


def test_a_profile_that_is_not_toml_is_reported_with_line_and_remedy(tmp_path):
    path = tmp_path / "evse-x.toml"
    path.write_text('kind = "evse\nname = x\n')
    done = command("profile", "check", path)
    assert done.exit_code == 1 and f"{path}:1: profile: an unclosed quote" in done.stdout
    assert f"{path}:2: profile: a text without quotes" in done.stdout
    assert command("profile", "check", tmp_path / "none.toml").exit_code == 2


def test_the_rig_names_the_option_whose_port_is_taken(tmp_path):
    (tmp_path / "site.toml").write_text(SITE.replace("/dev/ttyAMA0", "virtual"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        for option in ("--control", "--bench-csms"):
            done = command("rig", "--site", tmp_path / "site.toml", option, address)
            assert done.exit_code == 2 and f"{option} {address}: address already in use; name another port, or 0" in done.stderr
