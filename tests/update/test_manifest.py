"""A manifest: each field has its kind and range, and a path stays in its folder."""

from helper_bundle import manifest

from ampacity.base.errors import Rejected
from ampacity.update.cbor import encode
from ampacity.update.manifest import CONFIGURATION, Device, Manifest, manifest_bytes
from check import raises

FILES = [("app.mpy", b"one"), ("lib/a.mpy", b""), ("lib/b.mpy", b"three")]
HASH = bytes(32)


def read(changes=None):
    return Manifest(encode(manifest(FILES, changes)))


def refused(field, changes):
    with raises(Rejected) as e:
        read(changes)
    assert e.field == "manifest." + field, str(e.error)


def test_a_manifest_is_read():
    found = read()
    assert (found.product, found.kind, found.version, found.sequence, found.floor) == ("ampacity", 1, "2.0.0", 2, 1)
    assert found.boards == ["board-a", "board-b"] and found.controllers == [] and found.size == 8
    assert [each[:2] for each in found.files] == [["app.mpy", 3], ["lib/a.mpy", 0], ["lib/b.mpy", 5]]


def test_each_field_is_checked_and_named():
    for field, key, values in (
        ("format", 1, (0, 1, 3, "2", b"2")),
        ("product", 2, ("", "x" * 33, "a b", "\u00fc", 1, b"ampacity", "a\n")),
        ("kind", 3, (0, 3, -1, "application")),
        ("boards", 4, ([], "board-a", ["b", "a"], ["a", "a"], [""], [1], ["x%02d" % i for i in range(17)])),
        ("version", 5, ("", 2, "1 0")),
        ("sequence", 6, (0, -1, 2**32, "2")),
        ("floor", 7, (-1, 3, "0")),
        ("files", 8, ([], {}, [["f%03d" % i, 0, HASH] for i in range(129)])),
        ("controllers", 9, (["b", "a"], ["SN %d"], "SN-1", ["x%02d" % i for i in range(65)])),
    ):  # fmt: skip
        for value in values:
            refused(field, {key: value})


def test_a_field_more_or_less_is_refused():
    fields = manifest(FILES)
    fields[10] = 1
    with raises(Rejected) as e:
        Manifest(encode(fields))
    assert e.field == "manifest" and "9 fields" in e.allowed
    for key in range(1, 10):
        fields = manifest(FILES)
        del fields[key]
        with raises(Rejected):
            Manifest(encode(fields))
    for other in (1, [], b"", "x"):
        with raises(Rejected):
            Manifest(encode(other))


def test_a_path_stays_in_its_slot():
    outside = ("", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", ".manifest", "a/.b", "a\\b", "C:a", "a b", "\u00e4", "a\0")
    for path in outside + ("x" * 101, "a/b/c/d/e/f/g"):
        refused("files[0].path", {8: [[path, 0, HASH]]})
    for path in ("a", "a.b-c_D/9", "a/b/c/d/e/f", "x" * 100, "a..b"):
        assert read({8: [[path, 0, HASH]]}).files[0][0] == path


def test_paths_ascend_and_none_is_a_folder_of_another_or_differs_in_case_alone():
    for first, second in (("b", "a"), ("a", "a"), ("A", "a"), ("a", "a/b"), ("a", "a-b"), ("A/b", "a/B")):
        wrong = [[first, 0, HASH], [second, 0, HASH]]
        if (first, second) == ("a", "a-b"):
            assert len(read({8: wrong}).files) == 2
            wrong.append(["a/c", 0, HASH])
            refused("files[2].path", {8: wrong})
        else:
            refused("files[1].path", {8: wrong})
    refused("files[1].path", {8: [["A/b", 0, HASH], ["a", 0, HASH]]})


def test_the_entry_of_a_file_is_checked():
    for entry in (["a", 0], ["a", 0, HASH, 1], "a", {1: 2}):
        refused("files[0]", {8: [entry]})
    for size in (-1, 2**31, "1"):
        refused("files[0].size", {8: [["a", size, HASH]]})
    for digest in (bytes(31), bytes(33), "x" * 32, 1):
        refused("files[0].sha256", {8: [["a", 1, digest]]})


def test_a_configuration_names_its_controllers():
    refused("controllers", {3: CONFIGURATION})
    assert read({3: CONFIGURATION, 9: ["SN-1"]}).controllers == ["SN-1"]


def test_a_bundle_for_something_else_is_refused_by_what_differs():
    device = Device("ampacity", "board-a", "SN-1", 8)
    device.check(read())
    device.check(read({9: ["SN-0", "SN-1"]}))
    for field, changes in (("product", {2: "other"}), ("board", {4: ["board-b"]}), ("controller", {9: ["SN-2"]}), ("size", {8: [["a", 9, HASH]]})):
        with raises(Rejected) as e:
            device.check(read(changes))
        assert e.field == field


def test_the_prefix_of_a_bundle_has_a_name_a_format_and_a_length():
    assert manifest_bytes(b"AMPB\0\2\1\0") == 256
    for prefix in (b"AMPX\0\2\1\0", b"AMPB\0\1\1\0", b"AMPB\0\0\1\0", b"AMPB\0\2\0\0", b"AMPB\0\2\x40\1", bytes(8)):
        with raises(Rejected):
            manifest_bytes(prefix)
    with raises(Rejected) as refused:
        manifest_bytes(b"\xcc\xbb\x9bh\0\2\1\0")
    assert str(refused) == "bundle: 'ccbb9b68' is not allowed; use a file that begins with AMPB"
