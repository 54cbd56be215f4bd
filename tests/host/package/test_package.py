"""What `pip install` makes of the repository: built from a copy with nothing beside it, used in an empty environment away from it."""

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
import tomllib
import zipfile
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

from ampacity_host.cli.commands import SIMULATION
from ampacity_host.rig.control_channel.client import RigClient
from tests.deep import sample
from tools.deb.wheels import closure, normal, pins
from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"
PATIENCE_S = 30
RUNTIMES = ("cpython", "micropython")
SIMULATING = ("csms", "rig", "profiles/conformance", "report/chart.py")  # what only the simulation imports
SIMULATED = ("demo", "replay")  # what runs a rig
BOARD_TOOLS = ("build", "flash", "factory")  # and what only the commands for boards import
SITE = """
[site]
name = "away"
[[circuit]]
name = "main"
rating_a = 63.0
[[bus]]
name = "lan"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 9
[[evse]]
name = "own"
kind = "local"
circuit = "main"
max_a = 32.0
[[evse]]
name = "bay-1"
kind = "ampacity"
bus = "lan"
unit = 1
circuit = "main"
max_a = 16.0
[[evse]]
name = "bay-2"
kind = "keba-p30"
bus = "lan"
unit = 2
tcp_port = 10
circuit = "main"
max_a = 16.0
"""


PACKED = {"firmware/ampacity": "ampacity", "host/ampacity_host": "ampacity_host", "boards": "ampacity_host/boards"}  # and where a wheel has it


def sources():
    """Files of the two packages and the boards, by their names in the repository."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKED],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return {name for name in listed if name and (ROOT / name).is_file()}


def ours():
    """The same files by their names in a wheel."""
    return {wheels + name.removeprefix(folder) for name in sources() for folder, wheels in PACKED.items() if name.startswith(folder + "/")}


def python(*words, cwd, program=None):
    """What a Python prints: this one, or that of an installed program, which sees nothing of this one."""
    runs = sys.executable if program is None else Path(program).with_name("python")
    options = {} if program is None else {"env": environment()}
    return subprocess.run([runs, *words], cwd=cwd, capture_output=True, text=True, check=True, **options).stdout


def wheel_of(source, folder):
    python("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), ".", cwd=source)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(wheel, sdist, wheel of the sdist), built without a network from a copy of what git knows."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("built")
    for name in ["pyproject.toml", "setup.py", "README.md", "LICENSE", *sources()]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    sdist = out / python("-c", "from setuptools import build_meta; print(build_meta.build_sdist(%r))" % str(out), cwd=copy).split()[-1]
    with tarfile.open(sdist) as packed:
        packed.extractall(out, filter="data")
    return wheel_of(copy, out), sdist, wheel_of(out / sdist.name.removesuffix(".tar.gz"), tmp_path_factory.mktemp("again"))


def installed(wheel, folder):
    """(`ampacity`, its packages): installed from the wheel into an environment that has nothing else."""
    python("-m", "venv", "--without-pip", str(folder), cwd=folder)
    python("-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet", "--no-deps", "--no-index", str(wheel), cwd=folder)
    return str(folder / "bin" / "ampacity"), next(folder.glob("lib/python*/site-packages"))


@pytest.fixture(scope="module")
def program(built, tmp_path_factory):
    """`ampacity` with the packages that its wheel requires, and those that these require: links to the environment, no other package."""
    program, packages = installed(built[0], tmp_path_factory.mktemp("bare"))
    names = closure(())
    for name, (version, _) in pins(names, (ROOT / "requirements.lock").read_text()).items():
        found = distribution(name)
        assert found.version == version, f"{name} {found.version}: run make setup"
        for top in {file.parts[0] for file in found.files} - {"..", "__pycache__"}:
            (packages / top).symlink_to(found.locate_file(top))
    there = python("-c", "import importlib.metadata as m; print(*(d.name for d in m.distributions()))", cwd=packages.parent, program=program)
    assert sorted(map(normal, there.split())) == sorted({"ampacity", *names})
    return program


@pytest.fixture(scope="module")
def simulating(built, tmp_path_factory):
    """`ampacity` with every package of the lock file, lent, as with its extras."""
    program, packages = installed(built[0], tmp_path_factory.mktemp("lent"))
    (packages / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")  # a path only: what is editable there stays there
    where = python("-c", "import ampacity, ampacity_host as h; print(ampacity.__file__, h.__file__)", cwd=packages, program=program).split()
    assert all(name.startswith(str(packages)) for name in where), where
    return program


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.toml").write_text(SITE)
    return "site.toml"


def environment():
    """Nothing that leads back to the checkout, but for the MicroPython, which is a program like any other."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MICROPY", "AMPACITY", "VIRTUAL_ENV"))}
    return kept | {"PATH": "/usr/bin:/bin", "AMPACITY_MICROPYTHON": find("micropython")}


def done(*words):
    return subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=4 * PATIENCE_S)


def started(*words):
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(), stdin=subprocess.DEVNULL,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # also where the tests were started without Ctrl-C


def ended(process, number=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(number)
    return process.wait(PATIENCE_S)


def online(primary):
    return primary is not None and all(evse["online"] for evse in primary["evses"].values())


def test_a_wheel_holds_every_file_of_both_packages_and_no_other(built):
    for wheel in (built[0], built[2]):
        with zipfile.ZipFile(wheel) as packed:
            held = {name for name in packed.namelist() if ".dist-info/" not in name}
        assert held == ours(), held ^ ours()


def declared(extra=None):
    """Packages that pyproject.toml names, for all or for that extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {re.split(r"[\s><=;\[]", line)[0].lower() for line in lines}


def imported(paths):
    """Packages of others that these files import, as they are called where they are declared."""
    named = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and not node.level:
                named.add(node.module.split(".")[0])
            elif isinstance(node, ast.Import):
                named |= {alias.name.split(".")[0] for alias in node.names}
    owners = packages_distributions()
    return {owners[name][0].lower().replace("_", "-") for name in named - set(sys.stdlib_module_names) if name in owners} - {"ampacity"}


def test_every_package_that_is_imported_is_declared_that_of_the_simulation_alone_in_its_extra():
    files = {path for room in ("firmware", "host") for path in (ROOT / room).rglob("*.py")}
    host = ROOT / "host" / "ampacity_host"
    simulating, tools = ({path for path in files for room in rooms if path.is_relative_to(host / room)} for rooms in (SIMULATING, BOARD_TOOLS))
    assert imported(files - simulating - tools) == declared() | declared("linux")
    assert imported(simulating) - declared() == declared("simulation") == set(SIMULATION)
    assert imported(tools) - declared() | {"esptool"} == declared("boards")  # esptool is called as a program


def test_build_packages_are_pinned_in_the_lock_file():
    assert re.search(r"^setuptools==\d", (ROOT / "requirements.lock").read_text(), re.M)


def test_an_installed_program_checks_a_site_and_knows_its_profiles(program, site):
    checked = done(program, "check", site, "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert json.loads(checked.stdout)["ok"]
    (site_of_none := Path("none.toml")).write_text(SITE.replace("keba-p30", "nobodys"))
    told = done(program, "check", str(site_of_none))
    assert told.returncode == 1 and "keba-p30" in told.stdout + told.stderr
    refused = done(program, "check", "nowhere.toml")
    assert refused.returncode == 2 and "nowhere.toml" in refused.stderr


def test_an_installed_program_brings_its_boards_and_checks_a_file_from_elsewhere(program, tmp_path):
    listed = json.loads(done(program, "board", "list", "--json").stdout)["boards"]
    assert {row["name"] for row in listed} == {path.parent.name for path in (ROOT / "boards").glob("*/board.toml")}
    shutil.copytree(ROOT / "boards" / "rp2350", tmp_path / "rp2350")
    checked = done(program, "board", "check", str(tmp_path / "rp2350"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError as problem:
        print(name, problem.name)
"""


def test_every_module_outside_the_extras_is_imported_with_the_packages_that_the_wheel_requires(program):
    apart = tuple(f"ampacity_host/{room}" for room in (*SIMULATING, *SIMULATED, *BOARD_TOOLS, "boards"))
    modules = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in ours()
               if name.startswith("ampacity_host/") and name.endswith(".py") and not name.startswith(apart)}  # fmt: skip
    assert len(modules) > 100
    assert python("-c", IMPORT_ALL, *sorted(modules - {"ampacity_host.__main__"}), cwd=Path(program).parent, program=program) == ""


@pytest.mark.parametrize("words, status", sample([
    ("check site.toml", 0), ("scan --port /dev/nowhere", 3), ("devices keba", 0), ("report excursions --controller nowhere", 3),
    ("console --controller ./nowhere show", 3), ("push site.toml --controller /dev/nowhere", 3)], 2))  # fmt: skip
def test_without_the_simulation_a_site_is_checked_and_a_primary_is_controlled(program, site, words, status):
    ended_with = done(program, *words.split())
    assert ended_with.returncode == status and "Traceback" not in ended_with.stderr, ended_with.stderr


@pytest.mark.parametrize("words", sample(["rig site.toml", "demo", "replay site.toml --sessions sessions.csv", "rig do state"], 2))
def test_commands_that_need_the_simulation_report_its_absence(program, site, words):
    refused = done(program, *words.split())
    assert refused.returncode == 2 and "'.[simulation]'" in refused.stderr and "Traceback" not in refused.stderr, refused.stderr


@pytest.mark.parametrize("runtime", sample(RUNTIMES, 2, 1))
def test_an_installed_program_starts_a_rig_on_either_runtime(simulating, site, runtime):
    rig = started(simulating, "rig", "--site", site, "--runtime", runtime)
    try:
        ready = json.loads(rig.stdout.readline())
        assert ready["primary"]["runtime"] == runtime and ready["evses"] == ["own", "bay-1", "bay-2"]
        client = RigClient(ready["control"])
        deadline = time.monotonic() + PATIENCE_S
        while not online(client.state()["primary"]):
            assert time.monotonic() < deadline, client.state()
            time.sleep(0.1)
        client.stop()
        assert rig.wait(PATIENCE_S) == 0
    finally:
        ended(rig)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_installed_program_runs_a_controller_on_either_runtime(program, site, tmp_path, runtime):
    controller = started(program, "run", "--site", site, "--data", "data", "--runtime", runtime)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while (shown := done(program, "console", "--data", "data", "show", "version")).returncode != 0:
            assert controller.poll() is None and time.monotonic() < deadline, shown.stderr
            time.sleep(0.2)
        assert "version: " in shown.stdout
    finally:
        ended(controller)


def test_an_installed_program_replays_a_recording(simulating, site, tmp_path):
    for name in ("sessions.csv", "mains.csv"):
        shutil.copy(DATA / name, tmp_path / name)
    played = done(simulating, "replay", "--site", site, "--sessions", "sessions.csv", "--mains", "mains.csv", "--days", "1", "--unmanaged",
                  "--out", "out", "--json")
    assert played.returncode == 0, played.stderr
    assert json.loads(played.stdout)["sessions"]["served"] > 0 and list((tmp_path / "out").glob("*.png"))
    managed = started(simulating, "replay", "--site", site, "--sessions", "sessions.csv", "--days", "1")
    try:
        heard = []
        for line in managed.stdout:
            heard.append(line)
            if "times real time" in line:
                break
        assert "left" in heard[-1], heard
    finally:
        ended(managed)


@pytest.mark.parametrize("runtime", sample(RUNTIMES, 2, 1))
def test_an_installed_program_runs_the_demonstration(simulating, site, runtime):
    demo = started(simulating, "demo", "--lines", "--runtime", runtime)
    try:
        heard = []
        for line in demo.stdout:
            heard.append(line)
            if "quarantine" in line:
                break
        assert "8 EVSEs" in heard[0] and "quarantine" in heard[-1], heard
    finally:
        ended(demo, signal.SIGINT)


def test_without_a_micropython_an_installed_program_names_the_remedy(program, site):
    clean = environment()
    del clean["AMPACITY_MICROPYTHON"]
    refused = subprocess.run([program, "run", "--site", site, "--data", "d", "--runtime", "micropython"], capture_output=True, text=True, env=clean)
    assert refused.returncode != 0 and "PATH" in refused.stderr and "make" not in refused.stderr
