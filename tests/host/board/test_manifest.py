"""Freeze manifests: every board has one, and an image of a role holds all that the role imports at its start."""

import ast
import functools
import re
from pathlib import Path

import pytest

from ampacity_host.board import names
from ampacity_host.board.loader import find, read
from ampacity_host.board.manifest import Options, frozen
from ampacity_host.places import BOARDS, FIRMWARE
from tools import size

ENTRIES = {
    "primary": ("roles/boot.py", "roles/primary.py", "ports/board.py", "roles/charging/evses.py"),
    "secondary": ("roles/boot.py", "roles/secondary.py", "ports/board.py", "roles/control/modbus_tcp_server.py"),
}
OF_THE_OTHER_ROLE = ("ampacity/roles/primary.py", "ampacity/roles/charging/upstream.py", "ampacity/roles/charging/kept_messages.py")  # in `boot`
WITHOUT_MODES = "ampacity.store.file_permissions"  # of a system with file modes; who imports it expects its absence


def image(board="rp2350", **options):
    return dict(frozen(BOARDS / board / "manifest.py", **options))


@functools.cache
def at_start(path, later=False):
    """Modules of the firmware that a module imports when it is imported. later: also those that its functions import."""
    found, waiting = set(), list(ast.parse(path.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.If):
            never = isinstance(node.test, ast.Constant) and not node.test.value
            waiting += node.orelse if never else node.body + node.orelse
        elif isinstance(node, ast.Try):
            waiting += node.orelse + [each for handler in node.handlers for each in handler.body]
            waiting += [] if catches_absence(node) and not later else node.body
        elif later:
            waiting += ast.iter_child_nodes(node)
    return {name for name in found if name.split(".")[0] == "ampacity"}


def catches_absence(node):
    """Does this `try` expect that a module is not there?"""
    return any("ImportError" in ast.unparse(handler.type) for handler in node.handlers if handler.type)


def reached(held, entries, later=False):
    """(modules that the entries import, directly or not, those of them that the image has not)."""
    waiting, seen, absent = [f"ampacity/{name}" for name in entries], set(), set()
    while waiting:
        name = waiting.pop()
        if name in seen or later and name in OF_THE_OTHER_ROLE:
            continue
        seen.add(name)
        if name not in held:
            absent.add(name)
            continue
        for module in at_start(held[name], later):
            for path in (module.replace(".", "/") + ".py", module.replace(".", "/") + "/__init__.py"):
                if (FIRMWARE / path).is_file():
                    waiting.append(path)
    return seen, absent


def missing(held, entries):
    """Modules that the entries import, directly or not, and the image has not."""
    return reached(held, entries)[1]


@pytest.mark.parametrize("role", [*sorted(ENTRIES), "both"])
@pytest.mark.parametrize("name", names())
def test_every_module_of_an_image_finds_all_that_it_imports_when_it_is_imported(name, role):
    held = image(name, role=role)
    assert missing(held, [path.removeprefix("ampacity/") for path in held]) == set()


@pytest.mark.parametrize("role", sorted(ENTRIES))
def test_an_image_of_a_role_holds_all_that_it_imports_at_its_start(role):
    assert missing(image(role=role, ocpp=False, commission=False), ENTRIES[role]) == set()


def test_an_image_of_a_secondary_holds_all_that_it_may_ever_import_and_nothing_else():
    held = image(role="secondary")
    seen, absent = reached(held, (*ENTRIES["secondary"], "__main__.py", "ports/selftest.py"), later=True)
    other = {"ampacity/roles/charging/__init__.py", "ampacity/roles/service/fault_injection.py", "ampacity/store/file_permissions.py"}
    assert {name for name in absent if not name.startswith("ampacity/ports/")} == other
    assert {name for name in set(held) - seen if not name.endswith(("__init__.py", "interfaces.py"))} == set()


def test_a_missing_module_would_be_found():
    held = image(role="primary")
    del held["ampacity/circuit/guard.py"]
    assert missing(held, ENTRIES["primary"]) == {"ampacity/circuit/guard.py"}


def expects_absence(path, module):
    """Is every import of a module in a `try` that catches ImportError?"""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    tries = [each for each in nodes if isinstance(each, ast.Try) and catches_absence(each)]
    guarded = {id(node) for each in tries for line in each.body for node in ast.walk(line)}
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == module]
    return bool(imports) and all(id(node) in guarded for node in imports)


@pytest.mark.parametrize("role", [*sorted(ENTRIES), "both"])
def test_only_a_system_with_file_modes_gets_them_and_who_imports_them_expects_their_absence(role):
    path = WITHOUT_MODES.replace(".", "/") + ".py"
    assert path not in image(role=role) and path in image("unix", role=role)
    importers = [each for each in image(role=role).values() if WITHOUT_MODES in each.read_text()]
    assert len(importers) == 2 and all(expects_absence(each, WITHOUT_MODES) for each in importers)


def test_an_import_that_expects_no_absence_is_found(tmp_path):
    (tmp_path / "x.py").write_text(f"try:\n    pass\nexcept ImportError:\n    from {WITHOUT_MODES} import APPEND\n")
    assert not expects_absence(tmp_path / "x.py", WITHOUT_MODES)


@pytest.mark.parametrize("name", names())
def test_every_board_freezes_both_roles(name):
    held = image(name)
    assert {"ampacity/roles/primary.py", "ampacity/roles/secondary.py", "ampacity/ocpp/station.py"} <= set(held)
    assert all(path.is_file() and path.is_relative_to(FIRMWARE) for path in held.values())
    assert ("ampacity/ports/unix.py" in held) == (name in ("unix", "linux-arm"))


@pytest.mark.parametrize("name", names())
def test_an_image_holds_the_charging_point_where_the_board_has_one(name):
    local = any(board["pilot"]["kind"] == "local" for board in read(find(name)).variants.values())
    assert ("ampacity/point/charging_point.py" in image(name)) == local


def test_a_manifest_leaves_optional_rooms_out():
    rooms = {name.split("/")[1] for name in image(role="primary", ocpp=False, commission=False)}
    assert not rooms & {"ocpp", "commission"} and {"circuit", "bus"} <= rooms
    assert not [name for name in image(role="secondary") if name.startswith(("ampacity/circuit/policy", "ampacity/ocpp", "ampacity/net"))]


def test_an_image_holds_what_the_budget_counts():
    counted = {f"ampacity/{name}" for name in set(size.module_sizes()) - set(size.NOT_ON_A_BOARD)}
    assert counted <= set(image()), counted - set(image())


def test_an_option_that_no_manifest_has_is_refused():
    with pytest.raises(ValueError, match="option roles is not known; use one of role"):
        image(roles="primary")


def test_a_manifest_for_a_new_board_includes_the_rooms_by_path(tmp_path):
    (tmp_path / "manifest.py").write_text(f'include({str(BOARDS / "rooms.py")!r}, role="secondary")\n')
    assert frozen(tmp_path / "manifest.py") == sorted(image(role="secondary").items())
    assert Path.cwd() != tmp_path


def test_only_the_interpreter_of_a_primary_gets_the_names_of_all_modules():
    called = []
    known = {"include": lambda *_, **__: None, "package": lambda *_, **__: None, "module": called.append}
    for role in ("primary", "both", "secondary"):
        assert not [path for path in image(role=role) if "frozen_names" in path]  # of an image in a slot
        options = Options({"role": role})
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(BOARDS)
            exec((BOARDS / "rooms.py").read_text(), {**known, "options": options})
    assert called == ["frozen_names.py"] * 2
    words = set(re.findall(r"[\w.]+", (BOARDS / "frozen_names.py").read_text()))
    for path, _ in frozen(BOARDS / "rp2350" / "manifest.py", role="both"):
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        assert {module, "x." + module.rpartition(".")[2]} <= words, path
