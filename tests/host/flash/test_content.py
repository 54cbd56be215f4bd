"""A new controller's file system, as a real MicroPython finds it: the boot stage verifies its slot and starts the image in it."""

import ast
import subprocess
from pathlib import Path

import pytest
from release import release, signed

from ampacity_host.board.manifest import frozen
from ampacity_host.flash.content import BOOT, content
from ampacity_host.flash.littlefs_image import made, read
from ampacity_host.places import FIRMWARE
from ampacity_host.update.refused import Refused
from tests.host.board.test_manifest import at_start
from tools.bench.runtime32 import PROBES
from tools.micropython.find import find

SLOT_BYTES = 1152 << 10  # as of the smallest board
BOOTED = """
import sys, vfs
sys.path[:0] = [{stage!r}, {probes!r}]
import main as stage
from image_blocks import ImageBlocks
vfs.mount(vfs.VfsLfs2(ImageBlocks({image!r})), "/board")
status = stage.run("/board", stage.chosen("/board")[0])
entry = sys.modules.get("ampacity.roles.boot")
print(status, entry and entry.__file__)
"""


def booted(image, folder):
    """What a start prints, of a controller whose file system is this image."""
    (folder / "files.lfs").write_bytes(image)
    code = BOOTED.format(stage=str(BOOT), probes=str(PROBES), image=str(folder / "files.lfs"))
    ended = subprocess.run([find(), "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.fixture
def files(tmp_path):
    """path → content of a new controller."""
    bundle, keys = release(tmp_path, "unix")
    return content("unix", SLOT_BYTES, bundle.read_bytes(), keys, lambda *_: None).files


def test_a_new_controller_verifies_its_slot_and_starts_the_image_in_it(files, tmp_path):
    lines = booted(made((files | {"data/boot.json": b'{"role": "tertiary"}'}).items(), 4096, 320), tmp_path)
    assert lines[-1] == "78 /application/ampacity/roles/boot.mpy"
    assert "boot.json role: 'tertiary' is not allowed" in lines[0]


def test_a_controller_with_a_changed_image_does_not_start_it(files, tmp_path):
    image = bytearray(files["slots/a/application.pack"])
    image[100000] ^= 1
    lines = booted(made((files | {"slots/a/application.pack": bytes(image)}).items(), 4096, 320), tmp_path)
    assert lines == ["boot stage: no slot can be started; install an application: ampacity flash", "None None"]


def test_the_same_bundle_gives_the_same_file_system(files, tmp_path):
    again = content("unix", SLOT_BYTES, (tmp_path / "app.bundle").read_bytes(), tmp_path / "keys", lambda *_: None).files
    assert again == files and read(made(again.items(), 4096, 320)) == sorted(files.items())


def test_the_boot_stage_holds_all_that_it_imports():
    held = dict(frozen(BOOT / "manifest.py"))
    source = (BOOT / "main.py").read_text()
    wanted = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)} - {"ampacity.roles.boot"}
    for path in held.values():
        wanted |= at_start(path)
    modules = {name for name in wanted if (FIRMWARE / (name.replace(".", "/") + ".py")).is_file()}
    assert {name.replace(".", "/") + ".py" for name in modules} <= set(held)


@pytest.mark.parametrize("board, slot_bytes, field", [("rp2350", SLOT_BYTES, "board"), ("unix", 4096, "bundle")])
def test_a_bundle_that_the_controller_would_refuse_is_refused_before_anything_is_written(board, slot_bytes, field, tmp_path):
    bundle, keys = release(tmp_path, "unix")
    with pytest.raises(Refused) as refused:
        content(board, slot_bytes, bundle.read_bytes(), keys, lambda *_: None)
    assert refused.value.field == field


def test_a_bundle_of_something_else_is_refused(tmp_path):
    _, keys = release(tmp_path, "unix")
    with pytest.raises(Refused, match="holds main.py; use a bundle of what `ampacity build` made"):
        content("unix", SLOT_BYTES, signed([("main.py", b"x = 1\n")], keys), keys, lambda *_: None)
    with pytest.raises(Refused, match="is no application image"):
        content("unix", SLOT_BYTES, signed([("application.pack", b"x = 1\n")], keys), keys, lambda *_: None)


def test_the_boot_stage_is_small():
    held = frozen(BOOT / "manifest.py")
    assert len(held) < 30 and all(Path(path).is_file() for _, path in held)
