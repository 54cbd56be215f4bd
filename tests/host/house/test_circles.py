"""No module needs one that needs it: not for its types, not inside a function, not over others."""

import pytest
from circles import arrows, circles
from house import FIRMWARE, ROOT

PACKAGES = {"ampacity": FIRMWARE, "ampacity_host": ROOT / "host" / "ampacity_host"}
ALLOWED: "dict[str, list[tuple[str, ...]]]" = {"ampacity": [], "ampacity_host": []}  # may only become shorter


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_imports_make_no_circle(package):
    found = circles(arrows(PACKAGES[package]))
    assert found == ALLOWED[package], "pass what is needed, or write down the face where it is used:\n" + "\n".join(map(str, found))


def test_a_circle_is_found_through_types_functions_and_other_modules(tmp_path):
    folder = tmp_path / "room"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text("TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from room.inner import b\n")
    (folder / "inner" / "__init__.py").write_text("from room import d\n")
    (folder / "inner" / "b.py").write_text("def late():\n    from room.c import thing\n    return thing\n")
    (folder / "c.py").write_text("import room.a\nimport json\n")
    (folder / "d.py").write_text("from room.a import thing\n")
    assert circles(arrows(folder)) == [("room.a", "room.c", "room.inner.b")]
