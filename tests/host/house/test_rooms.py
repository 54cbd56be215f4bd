"""Rule 1 of the house: which room may import which. A new arrow fails here."""

import ast
from functools import cache

import pytest
from circles import arrows
from house import FIRMWARE, ROOT, at, firmware_files, imports_of, room_of

from tools import trusted

BASE = ("base",)
MAY_IMPORT = {
    "circuit": (),
    "base": ("circuit.trusted.amperes", "circuit.trusted.errors"),
    "evse": BASE,
    "point": ("base", "evse.iec61851"),
    "bus": BASE,
    "ocpp": ("base", "x509"),
    "net": BASE,
    "store": BASE,
    "update": BASE,
    "console": BASE,
    "commission": ("base", "bus"),
    "ports": ("base", "point"),
    "profiles": (),
    "x509": ("base", "update.p256"),
    "roles": ("base", "circuit", "evse", "bus", "ocpp", "net", "store", "update", "console", "commission", "ports", "profiles", "x509"),
    "": ("roles",),
}


def allowed(room, target):
    """target: dotted module below ampacity."""
    own = target.split(".")[0] == room or target in ("", "__version__")
    return own or any(target == arrow or target.startswith(arrow + ".") for arrow in MAY_IMPORT[room])


def foreign_arrows(path, room):
    """Findings for imports of other rooms that the table above does not have."""
    found = []
    for line, module in imports_of(path):
        if module.startswith("."):
            found.append(at(path, line, "write absolute imports: from ampacity.room.module import name"))
        elif module.split(".")[0] == "ampacity" and not allowed(room, module.partition(".")[2]):
            found.append(at(path, line, f"{room or 'the top level'} may not import {module}; roles wire rooms together"))
        elif module.split(".")[0] in ("ampacity_host", "tools", "tests"):
            found.append(at(path, line, f"the firmware cannot import {module}: it is not on the controller"))
    return found


def test_every_room_has_its_arrows_written_down():
    assert {room_of(path) for path in firmware_files()} <= set(MAY_IMPORT)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_it_may(room):
    findings = [each for path in firmware_files() if room_of(path) == room for each in foreign_arrows(path, room)]
    assert not findings, "\n" + "\n".join(findings)


# what must be right for the guarantee, and what may be wrong without danger
INNER = {"trusted": ("trusted",), "policy": ("policy", "trusted")}


def inner_arrows(folder, package, room):
    """(module, what it imports and may not), for types and inside functions alike."""
    allowed_rooms = tuple(f"{package}.circuit.{name}" for name in INNER[room])
    return [
        (name, target)
        for name, targets in sorted(arrows(folder).items())
        if f"{name}.".startswith(f"{package}.circuit.{room}.")
        for target in sorted(targets)
        if not f"{target}.".startswith(tuple(each + "." for each in allowed_rooms))
    ]


@pytest.mark.parametrize("room", sorted(INNER))
def test_a_room_of_the_core_imports_only_itself_and_the_trusted_room(room):
    found = inner_arrows(FIRMWARE, "ampacity", room)
    assert not found, "\n" + "\n".join(f"{name} may not import {target}, not even for its types" for name, target in found)


def test_the_core_imports_no_library():
    paths = [path for path in firmware_files() if room_of(path) == "circuit"]
    found = [at(path, line, f"imports {module}") for path in paths for line, module in imports_of(path) if module.split(".")[0] != "ampacity"]
    assert not found, "\n" + "\n".join(found)


def test_an_arrow_from_the_trusted_room_is_found(tmp_path):
    folder = tmp_path / "ampacity"
    for room in INNER:
        (folder / "circuit" / room).mkdir(parents=True)
    (folder / "circuit" / "guard.py").write_text("")
    (folder / "circuit" / "policy" / "plan.py").write_text("from ampacity.circuit.trusted.a import x\nfrom ampacity.circuit import guard\n")
    (folder / "circuit" / "trusted" / "a.py").write_text("if TYPE_CHECKING:\n    from ampacity.circuit.policy.plan import Plan\n")
    (folder / "circuit" / "trusted" / "b.py").write_text("def late():\n    from ampacity.circuit.guard import Guard\n    return Guard\n")
    assert [target for _, target in inner_arrows(folder, "ampacity", "trusted")] == ["ampacity.circuit.policy.plan", "ampacity.circuit.guard"]
    assert inner_arrows(folder, "ampacity", "policy") == [("ampacity.circuit.policy.plan", "ampacity.circuit.guard")]


counted = cache(trusted.count)


@pytest.mark.parametrize("document", ["README.md", "docs/safety-case.md"])
def test_the_number_of_trusted_lines_is_printed(document):
    parts = counted()
    text = (ROOT / document).read_text()
    for must in (parts[trusted.TRUSTED] + parts["beside"], parts["outside"]):
        stated = must // 100 * 100
        wanted = [f"fewer than {number:,} lines" for number in (stated + 100, stated + 200)]
        assert any(each in text for each in wanted), f"python -m tools.trusted counts {must}: {document} should say '{wanted[0]}'"


def test_lines_of_code_are_counted_without_what_only_people_read():
    text = '"""What it is.\n\nAnd why.\n"""\n\nA = 1  # one\n# nothing\n\n\ndef b():\n    """Say.\n    """\n    return (\n        A\n    )\n'
    assert trusted.code_lines(text) == 5


def test_a_new_arrow_is_found(tmp_path, monkeypatch):
    import house

    monkeypatch.setattr(house, "ROOT", tmp_path)
    path = tmp_path / "x.py"
    path.write_text("from ampacity.bus.modbus.frames import crc\nfrom ampacity.base import log\nimport ampacity_host\nfrom . import y\n")
    lines = [finding.split(":")[1] for finding in foreign_arrows(path, "evse")]
    assert lines == ["1", "3", "4"]
    assert [finding.split(":")[1] for finding in foreign_arrows(path, "roles")] == ["3", "4"]


def test_the_firmware_imports_from_modules_by_their_whole_name():
    """A board lets go of its packages after the start: `import a.b.c` would then find `a` without its `b`."""
    nodes = [(path, node) for path in firmware_files() for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import)]
    found = [at(path, node.lineno, f"import {name.name}: write from ... import ...")
             for path, node in nodes for name in node.names if name.name.startswith("ampacity.")]  # fmt: skip
    assert not found, "\n" + "\n".join(found)
