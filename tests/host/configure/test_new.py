"""`ampacity new`: what options or answers on a terminal describe becomes a site file that the check accepts, or nothing is written."""

import io
import json
import os
import pty
import shlex
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from ampacity_host import profiles
from ampacity_host.cli import app
from ampacity_host.cli.completion import evses, kinds, site_files
from ampacity_host.configure import check_report, load_site
from ampacity_host.configure.new.answers import BadAnswer, parts_of, value_of
from ampacity_host.profiles.failsafe_classes import device_class
from tests.deep import sample

KEBAS = ("--evse", "keba-p30,count=4,max=16,host=192.168.1.40")
TIGHT = ("--mains", "63", "--other", "20", *KEBAS)
WIDE = ("--mains", "160", "--other", "20", *KEBAS)


def new(path, *words, **options):
    return CliRunner().invoke(app, ["new", str(path), *words], **options)


class Terminal(io.StringIO):
    """Standard input with a person behind it."""

    def isatty(self):
        return True


def asked(monkeypatch, path, answers, *words):
    """(exit code, what the person saw, answers not read) of a run on a terminal."""
    from ampacity_host.configure.new import command

    seen, typed = io.StringIO(), Terminal("".join(each + "\n" for each in answers))
    monkeypatch.setattr(sys, "stdin", typed)
    monkeypatch.setattr(sys, "stderr", seen)
    names = ("mains", "other", "phases", "system", "voltage", "breaker", "continuous", "feeder", "bus", "evse", "meter", "ocpp", "identity",
             "password_file", "root_pem", "tz", "ntp", "name")  # fmt: skip
    options = dict.fromkeys(names) | {"site": path, "yes": False, "force": False, "json": False} | dict(zip(words[::2], words[1::2]))
    from types import SimpleNamespace

    status = command.new_command(SimpleNamespace(**options))
    return status, seen.getvalue(), typed.read()


def passes(path):
    return check_report(load_site(path))["ok"]


def test_options_alone_make_a_file_that_the_check_accepts(tmp_path):
    path = tmp_path / "yard.toml"
    done = new(path, *WIDE, "--bus", "rtu:/dev/ttyUSB0", "--meter", "eastron-sdm630,unit=7", "--evse", "heidelberg-energy-control,unit=2",
               "--feeder", "125", "--breaker", "C160", "--ocpp", "ws://csms.example/ocpp")
    assert done.exit_code == 0 and "yard.toml: written; the check passes." in done.stdout, done.output
    site = load_site(path)
    assert [evse["host"] for evse in site.evses] == ["192.168.1.40", "192.168.1.41", "192.168.1.42", "192.168.1.43", None]
    assert site.name == "yard" and site.meters[0]["unit"] == 7 and site.circuits[0]["meter"] == "grid"
    assert {evse["circuit"] for evse in site.evses} == {"charging"} and site.ocpp["identity"] == "yard"
    assert len(site.ocpp["password"]) >= 20 and path.stat().st_mode & 0o077 == 0 and passes(path)
    other = tmp_path / "other.toml"
    assert new(other, *WIDE, "--ocpp", "ws://csms.example/ocpp").exit_code == 0
    assert load_site(other).ocpp["password"] != site.ocpp["password"]  # A01.FR.07: by chance
    assert all("#" in line for line in path.read_text().splitlines() if line.startswith(("rating_a", "max_a", "assumed_other_a")))


def test_what_the_check_refuses_is_not_written_but_comes_with_its_cheapest_fixes_which_yes_applies(tmp_path):
    path = tmp_path / "yard.toml"
    done = new(path, *TIGHT)
    assert done.exit_code == 1 and "private = true" in done.stderr and "nothing was written" in done.stderr and not list(tmp_path.iterdir())
    done = new(path, *TIGHT, "--yes", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 0 and told["ok"] and told["written"] and told["applied"] and passes(path)
    assert "power_on_a = 0.0  # declared" in path.read_text()


def test_yes_raises_no_rating(tmp_path):
    done = new(tmp_path / "yard.toml", "--mains", "16", "--other", "20", *KEBAS, "--yes")
    assert done.exit_code == 1 and not list(tmp_path.iterdir())


def test_a_file_is_replaced_only_by_force(tmp_path):
    path = tmp_path / "yard.toml"
    path.write_text("mine")
    done = new(path, *WIDE)
    assert done.exit_code == 1 and "--force" in done.stderr and path.read_text() == "mine"
    assert new(path, *TIGHT, "--force").exit_code == 1 and path.read_text() == "mine"
    assert new(path, *WIDE, "--force").exit_code == 0 and passes(path)


@pytest.mark.parametrize("words, text", [
    ((), "--mains is missing"), (("--mains", "63"), "--other is missing"), (("--mains", "63", "--other", "0"), "--evse is missing"),
    (("--mains", "0", "--other", "0", *KEBAS), "--mains: '0' is not allowed; use 1 to 6300 A"),
    ((*WIDE, "--phases", "4"), "--phases: '4' is not allowed; use a whole number from 1 to 3"),
    ((*WIDE, "--evse", "kebab-p30"), "did you mean keba-p30"), ((*WIDE, "--evse", "keba-p30,hots=1.2.3.4"), "did you mean host"),
    ((*WIDE, "--evse", "keba-p30"), "host: is missing"), ((*WIDE, "--evse", "keba-p30,host=a,count=2"), "one host for 2 devices"),
    ((*WIDE, "--evse", "heidelberg-energy-control"), "needs a bus of kind rtu"), ((*WIDE, "--evse", "keba-p30,count=0"), "count: '0'"),
    ((*WIDE, "--evse", "keba-p30,host=a,bus=x"), "there is no bus 'x'"), ((*WIDE, "--evse", "evse-wb-din,unit"), "'unit' is not KEY=VALUE"),
    ((*WIDE, "--evse", "keba-p30,max=16,max=20"), "max: is given twice"), ((*WIDE, "--bus", "rtu"), "names no port"),
    ((*WIDE, "--bus", "rtu:/dev/a,9600"), "19200E1"), ((*WIDE, "--bus", "can:/dev/a"), "one of 'rtu'"),
    ((*WIDE, "--bus", "rtu:COM3"), "/dev/ttyAMA0"),
    ((*WIDE, "--meter", "keba-p30"), "there is no meter"), ((*WIDE, "--meter", "sunspec,host=a,circuit=x"), "circuit: 'x'"),
    ((*WIDE, "--evse", "local"), "max_a: is missing"), ((*WIDE, "--ocpp", "http://a"), "--ocpp: 'http://a'"),
    ((*WIDE, "--password-file", "/nowhere"), "--password-file"),
])  # fmt: skip
def test_a_wrong_option_is_named_with_what_is_allowed_and_nothing_is_written(tmp_path, words, text):
    done = new(tmp_path / "yard.toml", *words)
    assert done.exit_code == 2 and text in done.stderr and "Traceback" not in done.output and not list(tmp_path.iterdir()), done.output


def test_what_only_the_whole_site_shows_is_refused_with_1(tmp_path):
    done = new(tmp_path / "yard.toml", *WIDE, "--evse", "keba-p30,max=99,host=192.168.1.99")
    assert done.exit_code == 1 and "max_a" in done.stderr and not list(tmp_path.iterdir())
    done = new(tmp_path / "yard.toml", *WIDE, "--evse", "keba-p30,max=99,host=192.168.1.99", "--json")
    assert done.exit_code == 1 and json.loads(done.stdout)["mistakes"]


def test_a_folder_that_is_not_there_is_2(tmp_path):
    assert new(tmp_path / "no" / "yard.toml", *WIDE).exit_code == 2 and new(tmp_path, *WIDE).exit_code == 2


@pytest.mark.parametrize("name", profiles.names("evse"))
def test_every_known_evse_makes_a_site(tmp_path, name):
    link = profiles.load(f"evse-{name}")["link"]
    if device_class(profiles.load(f"evse-{name}")) == "" or profiles.blocked(profiles.load(f"evse-{name}")):
        return
    where = ("--bus", f"{link['media'][0]}:/dev/ttyUSB0") if link["media"][0] != "tcp" else ()
    host = ",host=192.168.1.40" if not where else ""
    volts = ("--voltage", "230") if profiles.in_watts(profiles.load(f"evse-{name}")) else ()
    done = new(tmp_path / "a.toml", "--mains", "500", "--other", "0", *where, "--evse", f"{name},max=16{host}", *volts, "--yes")
    assert done.exit_code == 0, done.output
    assert passes(tmp_path / "a.toml")


@pytest.mark.parametrize("name", profiles.names("meter"))
def test_every_known_meter_makes_a_site_or_says_why_not(tmp_path, name):
    link = profiles.load(f"meter-{name}")["link"]
    where = ("--bus", f"{link['media'][0]}:/dev/ttyUSB0") if link["media"][0] != "tcp" else ()
    host = ",host=192.168.1.50" if not where else ""
    done = new(tmp_path / "a.toml", *WIDE, *where, "--meter", name + host)
    assert "Traceback" not in done.output and (done.exit_code == 0) == (tmp_path / "a.toml").exists()
    assert done.exit_code == 0 or "meter" in done.stderr, done.output


ANSWERS = ["", "", "160", "", "20", "", "keba", "4", "16", "192.168.1.40", "", "", "", ""]


def test_on_a_terminal_each_question_has_a_default_a_unit_and_a_range(tmp_path, monkeypatch):
    status, seen, left = asked(monkeypatch, tmp_path / "yard.toml", ANSWERS)
    assert status == 0 and left == "" and passes(tmp_path / "yard.toml"), seen
    for line in ("Name of the site (1 to 32 of", "[yard]: ", "Rating of the grid connection (1 to 6300 A): ", "How many of them (1 to 100) [1]: ",
                 "Highest current of each (6 to 500 A) [", "Modbus address (a whole number from 0 to 255) [255]: "):  # fmt: skip
        assert line in seen, line
    assert [evse["host"][-2:] for evse in load_site(tmp_path / "yard.toml").evses] == ["40", "41", "42", "43"]


def test_the_voltage_is_asked_where_orders_in_watts_depend_on_it(tmp_path, monkeypatch):
    answers = ["", "", "160", "", "20", "", "compleo-solo-duo", "1", "16", "192.168.1.40", "", "120", "", "", ""]
    status, seen, left = asked(monkeypatch, tmp_path / "yard.toml", answers)
    assert status == 0 and left == "" and passes(tmp_path / "yard.toml"), seen
    assert "Voltage between a line and neutral" in seen and load_site(tmp_path / "yard.toml").site["voltage"] == 120


@pytest.mark.parametrize(("words", "part"), [((), 1), (("--voltage", "230"), 1), (("--voltage", "120"), 0.8), (("--system", "split"), 0.8)])
def test_a_supply_of_120_v_carries_80_percent_of_its_ratings_for_hours(tmp_path, words, part):
    done = new(tmp_path / "yard.toml", "--mains", "200", "--other", "20", *KEBAS, *words, "--yes")
    assert done.exit_code == 0, done.output
    assert float(load_site(tmp_path / "yard.toml").circuits[0]["continuous"]) == part


@pytest.mark.parametrize("words", [
    ("--evse", "ampacity,count=3,max=32"), ("--system", "split", "--evse", "ampacity,count=2,max=40"),
    ("--voltage", "120", "--evse", "ampacity,max=40,phases=L1-L2"), ("--system", "delta-it", "--evse", "ampacity,max=16"),
    ("--feeder", "63", "--meter", "eastron-sdm630,unit=9,circuit=charging,bus=m", "--bus", "m=rtu:/dev/ttyUSB1,9600N1", "--evse", "ampacity,max=16"),
])  # fmt: skip
def test_the_check_warns_of_nothing_that_options_alone_make(tmp_path, words):
    done = new(tmp_path / "yard.toml", "--mains", "200", "--other", "20", "--bus", "rtu:/dev/ttyUSB0", *words, "--yes")
    assert done.exit_code == 0, done.output
    site = load_site(tmp_path / "yard.toml")
    assert not site.warnings and not check_report(site)["findings"]


def test_a_question_mark_explains_and_a_wrong_answer_is_asked_again(tmp_path, monkeypatch):
    status, seen, left = asked(monkeypatch, tmp_path / "yard.toml",
                               ["?", "", "7", "3", "", "63 amperes", "160 A", "C160", "20", "", "mennekes", "kebap", "keba-p30", "4", "99",
                                "192.168.1.40", "", "keba-p30", "4", "16", *ANSWERS[9:]])  # fmt: skip
    assert status == 0 and left == "" and passes(tmp_path / "yard.toml"), seen
    for line in ("Name of the site, in reports and logs.", "phases: '7' is not allowed", "an answer is needed", "'63 amperes' is not allowed",
                 "which one? ", "mennekes-hcc3", "did you mean keba-p30?", "max_a: 99.0 is not allowed", "this device is asked again"):  # fmt: skip
        assert line in seen, line


@pytest.mark.parametrize("choice, status", [("a", 0), ("", 0), ("n", 1), ("1", 0)])
def test_fixes_of_the_check_are_offered_and_what_is_chosen_is_applied(tmp_path, monkeypatch, choice, status):
    answers = [*ANSWERS[:2], "63", *ANSWERS[3:], choice, *([""] if choice == "n" else ["a"] if choice == "1" else [])]
    done, seen, left = asked(monkeypatch, tmp_path / "yard.toml", answers)
    assert done == status and left == "" and "The check proposes, cheapest first:" in seen and "private = true" in seen, seen
    assert (tmp_path / "yard.toml").exists() == (status == 0) and (status or passes(tmp_path / "yard.toml"))


def test_what_options_say_is_not_asked(tmp_path, monkeypatch):
    status, seen, left = asked(monkeypatch, tmp_path / "yard.toml", ["", "", "", "", "", ""], "mains", "160", "other", "20", "evse", [KEBAS[1]])
    assert status == 0 and left == "" and "Rating of the grid" not in seen and "Next kind" not in seen, seen


def test_the_end_of_the_input_writes_nothing(tmp_path, monkeypatch):
    status, seen, _ = asked(monkeypatch, tmp_path / "yard.toml", ANSWERS[:6])
    assert status == 130 and "nothing was written" in seen and not list(tmp_path.iterdir())


def test_ctrl_c_on_a_terminal_ends_with_130_and_writes_nothing(tmp_path):
    person, terminal = pty.openpty()
    program = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from ampacity_host.start import main; main()"
    process = subprocess.Popen([sys.executable, "-c", program, "new", str(tmp_path / "yard.toml")], stdin=terminal, stdout=terminal, stderr=terminal,
                               start_new_session=True)  # fmt: skip
    os.close(terminal)
    seen = b""
    until = time.monotonic() + 30
    while b"Name of the site" not in seen and time.monotonic() < until:
        seen += os.read(person, 1000)
    os.write(person, b"yard\n\x03")
    while process.poll() is None and time.monotonic() < until:
        try:
            seen += os.read(person, 1000)
        except OSError:
            break
    os.close(person)
    assert process.wait(30) == 130 and b"nothing was written" in seen and b"Traceback" not in seen and not list(tmp_path.iterdir())


def test_a_text_is_read_as_the_field_wants_it():
    assert value_of("circuit", "rating_a", "63/63/50.5")[1] == 63 and value_of("evse", "phases", "L1-L2") == ["L1-L2"]
    assert value_of("evse", "phase_switch", "true") is True and value_of("site", "name", "63") == "63"
    assert parts_of("keba-p30,count=2", "kind") == {"kind": "keba-p30", "count": "2"}
    for bad in ("nan", "1e400", "-1", "", "63A B", "٣", "9" * 50):
        with pytest.raises(BadAnswer):
            value_of("circuit", "assumed_other_a", bad)


def test_a_shell_completes_site_files_devices_and_evses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    new(tmp_path / "yard.toml", *WIDE)
    (tmp_path / "sites").mkdir()
    assert site_files("") == ["sites/", "yard.toml"] and site_files("no/") == []
    assert kinds("keb") == ["keba-p30"] and kinds("kind=keb") == ["kind=keba-p30"]

    class Context:
        params = {"site": "yard.toml"}
        args = []

    assert evses(Context, "bay-") == ["bay-1", "bay-2", "bay-3", "bay-4"]
    Context.params = {"controller": str(tmp_path / "none")}
    assert evses(Context, "") == []


@pytest.mark.parametrize("shell", sample(["bash", "zsh", "fish"], 3))
def test_each_shell_gets_names_from_the_program(tmp_path, shell):
    new(tmp_path / "yard.toml", *WIDE)

    def completed(text):
        words = {"_AMPACITY_COMPLETE": f"complete_{shell}", "COMP_WORDS": text, "COMP_CWORD": str(len(text.split(" ")) - 1),
                 "_TYPER_COMPLETE_ARGS": text, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}  # fmt: skip
        return subprocess.run([sys.executable, "-c", "from ampacity_host.cli import app; app(prog_name='ampacity')"], env=os.environ | words,
                              cwd=tmp_path, capture_output=True, text=True).stdout  # fmt: skip
    assert "keba-p30" in completed("ampacity new x.toml --evse keb")
    assert "eastron-sdm630" in completed("ampacity devices eastron-sdm6")
    assert "yard.toml" in completed("ampacity check y")
    assert "bay-3" in completed("ampacity push yard.toml --secondary bay-")


@pytest.mark.parametrize("stem, name", [
    ("mein Hof ä", "mein-Hof-a"), ("Höfe & Gärten", "Hofe-Garten"), ("日本", "site"), ("._x y_", "x-y"), ("x" * 40, "x" * 32),
])
def test_a_file_with_any_name_gives_a_site_with_a_name_and_commands_that_can_be_copied(tmp_path, stem, name):
    folder = tmp_path / "a folder"
    folder.mkdir()
    done = new(folder / f"{stem}.toml", *WIDE)
    assert done.exit_code == 0 and load_site(folder / f"{stem}.toml").name == name, done.output
    words = shlex.split(done.stdout.split("next: ")[1].splitlines()[0].partition("    (")[0])
    assert words == ["ampacity", "rig", str(folder / f"{stem}.toml"), "--no-csms"]
