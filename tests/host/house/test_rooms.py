"""Rule 1 of the house: which room may import which. A new arrow fails here."""

import pytest
from house import at, firmware_files, imports_of, room_of

BASE = ("base",)
MAY_IMPORT = {
    "circuit": (),
    "base": ("circuit.trusted.errors",),
    "evse": BASE,
    "bus": BASE,
    "meter": BASE,
    "ocpp": BASE,
    "grid": BASE,
    "net": BASE,
    "store": BASE,
    "console": BASE,
    "commission": ("base", "bus"),
    "ports": BASE,
    "profiles": (),
    "roles": ("base", "circuit", "evse", "bus", "meter", "ocpp", "grid", "net", "store", "console", "commission", "ports", "profiles"),
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


def test_a_new_arrow_is_found(tmp_path, monkeypatch):
    import house

    monkeypatch.setattr(house, "ROOT", tmp_path)
    path = tmp_path / "x.py"
    path.write_text("from ampacity.bus.frames import crc\nfrom ampacity.base import log\nimport ampacity_host\nfrom . import y\n")
    lines = [finding.split(":")[1] for finding in foreign_arrows(path, "evse")]
    assert lines == ["1", "3", "4"]
    assert [finding.split(":")[1] for finding in foreign_arrows(path, "roles")] == ["3", "4"]
