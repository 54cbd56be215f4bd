"""`ampacity bundle …` from new keys to a verified bundle that the firmware installs, and what it refuses."""

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ampacity.update.install import Install
from ampacity.update.manifest import APPLICATION, CONFIGURATION, Device
from ampacity.update.records import Record
from ampacity.update.slots import Slots
from ampacity.update.trust import TrustStore
from ampacity_host.build.pack import made
from ampacity_host.cli import app
from ampacity_host.update.bundle import Manifest, listed, pack
from ampacity_host.update.key_folder import KeyFolder
from tests.update.helper_medium import Medium


def said(*words):
    return CliRunner().invoke(app, ["bundle", *map(str, words)])


def facts(*words, status=0):
    done = said(*words, "--json")
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)


@pytest.fixture
def yard(tmp_path, monkeypatch):
    """A folder with two root keys, a release key and an installer's key, and an application."""
    monkeypatch.chdir(tmp_path)
    for name in ("root-a", "root-b"):
        assert said("key", "new", name, "--root").exit_code == 0
    assert said("key", "new", "release").exit_code == 0
    assert said("key", "new", "installer", "--kind", "configuration").exit_code == 0
    (tmp_path / "app").mkdir()
    with zipfile.ZipFile(tmp_path / "app" / "application.zip", "w") as archive:
        archive.writestr("ampacity/__main__.py", os.urandom(9000))
    (tmp_path / "app" / ".hidden").write_text("no part of it")
    return tmp_path


SIGN = ("sign", "app", "--out", "app.bundle", "--key", "release", "--board", "board-a", "--release", "1.2.0", "--sequence", 3, "--floor", 2)


def test_a_signed_bundle_is_verified_and_shown(yard):
    made = facts(*SIGN)
    assert made["out"] == "app.bundle" and made["bytes"] == Path("app.bundle").stat().st_size
    seen = facts("verify", "app.bundle", "--board", "board-a", "--floor", 3)
    assert seen["ok"] and seen["version"] == "1.2.0" and [file["path"] for file in seen["files"]] == ["application.zip"]
    shown = facts("show", "app.bundle")
    assert shown["signed_by"] == facts("key", "list")["keys"][0]["kid"]
    assert shown["size"] == seen["size"] == Path("app/application.zip").stat().st_size
    text = said("show", "app.bundle").stdout
    assert "not checked" in text and "1.2.0" in text and "application.zip" in text


def test_the_firmware_installs_what_was_signed_here(yard):
    facts(*SIGN)
    roots = tuple(bytes.fromhex(root["public"]) for root in facts("key", "list")["roots"])
    medium = Medium()
    trust = TrustStore(Record(medium, "keys"), roots)
    offer = trust.offer(Path("keys/keys.cose").read_bytes())
    while not offer.step():
        pass
    slots = {kind: Slots(Record(medium, str(kind)), medium) for kind in (APPLICATION, CONFIGURATION)}
    taking = Install(slots, trust, Device("ampacity", "board-a", "SN-1", 100000))
    data = Path("app.bundle").read_bytes()
    while not taking.ready:
        if taking.step() and not taking.ready:
            taking.write(taking.offset, data[taking.offset :])
    assert medium.content("a/application.zip") == Path("app/application.zip").read_bytes() and taking.manifest.sequence == 3


@pytest.mark.parametrize("words, field", [
    (("--board", "board-b"), "board"), (("--floor", 4), "sequence"), (("--serial", "SN-1"), None), ((), None)])
def test_a_bundle_for_something_else_is_refused_by_what_differs(yard, words, field):
    facts(*SIGN)
    seen = facts("verify", "app.bundle", *words, status=1 if field else 0)
    assert seen.get("field") == field


def zipped(name):
    """An archive with one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, b"")
    return made.getvalue()


IMAGE = made([("build.json", b'{"board": "rp2350"}'), ("ampacity/roles/boot.mpy", b"M")])


@pytest.mark.parametrize("files, boards, field, text", [
    ([("main.py", b"x = 1\n")], ["rp2350"], "files", "main.py; an application is one file: application.pack of `ampacity build`, or"),
    ([("app/application.pack", IMAGE), ("manifest.json", b"{}")], ["rp2350"], "files", "app/application.pack, manifest.json; an application"),
    ([("application.pack", b"hello")], ["rp2350"], "files", "application.pack is no application image: no pack of format 1"),
    ([("application.pack", IMAGE[:4] + b"\2" + IMAGE[5:])], ["rp2350"], "files", "no pack of format 1"),
    ([("application.pack", made([("build.json", b'{"board": "rp2350"}')]))], ["rp2350"], "files", "an image without ampacity/roles/boot.mpy"),
    ([("application.pack", made([("build.json", b"[]"), ("ampacity/roles/boot.mpy", b"M")]))], ["rp2350"], "files", "build.json is no object"),
    ([("application.pack", IMAGE)], ["esp32-s3"], "board", "the image was built for rp2350, not esp32-s3"),
    ([("application.pack", IMAGE)], ["esp32-s3", "rp2350"], "board", "not esp32-s3"),
    ([("application.zip", b"PK")], ["linux-arm"], "files", "application.zip is no archive"),
    ([("application.zip", zipped("x"))], ["linux-arm"], "files", "application.zip holds no ampacity/__main__.py"),
    ([("application.zip", zipped("ampacity/__main__.py"))], ["rp2350"], "board", "application.zip runs on Linux, not on rp2350"),
    ([("application.pack", IMAGE)], ["rp2350"], None, ""),
    ([("application.zip", zipped("ampacity/__main__.py"))], ["linux-arm", "our-own-linux"], None, ""),
])  # fmt: skip
def test_an_application_that_no_controller_could_start_is_not_signed_and_not_verified(yard, files, boards, field, text):
    for path, data in files:
        (yard / "other" / path).parent.mkdir(parents=True, exist_ok=True)
        (yard / "other" / path).write_bytes(data)
    words = [word for board in boards for word in ("--board", board)]
    told = facts("sign", "other", "--out", "made", "--key", "release", *words, "--release", "1", "--sequence", 1, status=1 if field else 0)
    assert (told.get("field"), Path("made").exists()) == (field, field is None) and text in told.get("error", ""), told
    manifest = Manifest("ampacity", "application", sorted(boards), "1", 1, 0, listed(files), [])
    Path("anyhow").write_bytes(pack(manifest, files, KeyFolder(yard / "keys").signing_key("release")))
    told = facts("verify", "anyhow", status=1 if field else 0)
    assert told.get("field") == field and text in told.get("error", ""), told


def test_a_changed_bundle_is_refused(yard):
    facts(*SIGN)
    data = bytearray(Path("app.bundle").read_bytes())
    data[-1] ^= 1
    Path("changed").write_bytes(data)
    assert facts("verify", "changed", status=1)["field"] == "files"
    data[100] ^= 1
    Path("changed").write_bytes(data)
    done = said("verify", "changed")
    assert done.exit_code == 1 and done.stdout == "" and done.stderr.startswith("ampacity: ") and done.stderr.count("\n") == 1


def test_a_revoked_key_signs_nothing_and_its_bundles_are_refused(yard):
    facts(*SIGN)
    assert facts("key", "revoke", "release")["counter"] == 3
    assert facts("verify", "app.bundle", status=1)["field"] == "key"
    assert facts(*SIGN, status=1)["field"] == "key"
    assert facts("key", "revoke", "release", status=1)["field"] == "key"
    facts("key", "new", "release-2")
    facts(*(SIGN[:5] + ("release-2",) + SIGN[6:]))
    assert [key["name"] for key in facts("key", "list")["keys"]] == ["installer", "release-2"]


def test_a_root_key_is_revoked_by_the_other(yard):
    assert facts("key", "revoke", "root-a")["counter"] == 3
    assert [root["revoked"] for root in facts("key", "list")["roots"]] == [True, False]
    assert facts("key", "new", "more", "--signed-by", "root-a", status=1)["field"] == "root"
    assert facts("key", "new", "more")["counter"] == 4
    assert facts("key", "revoke", "root-b", status=1)["field"] == "root"


def test_a_key_signs_only_its_kind_and_a_configuration_names_its_controllers(yard):
    words = ("sign", "app", "--out", "c", "--board", "board-a", "--release", "1", "--sequence", 1, "--kind", "configuration")
    assert facts(*words, "--key", "installer", status=1)["field"] == "manifest.controllers"
    assert facts(*words, "--key", "installer", "--serial", "SN-1")["controllers"] == ["SN-1"]
    assert facts("verify", "c", "--serial", "SN-2", status=1)["field"] == "controller"
    assert facts(*words, "--key", "release", "--serial", "SN-1", status=1)["field"] == "key"


def test_private_keys_are_for_their_owner_alone_and_are_never_shown(yard):
    private = sorted(yard.glob("keys/*/*.key"))
    assert len(private) == 4 and all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in private)
    told = "".join(done.output for done in (said("key", "list"), said("key", "list", "--json"), said("key", "new", "third", "--json"), said(*SIGN)))
    for path in private:
        body = "".join(path.read_text().splitlines()[1:-1])
        assert body[:20] not in told and body[-40:] not in told
    private[0].chmod(0o644)
    done = said("key", "new", "fourth", "--signed-by", private[0].stem)
    assert done.exit_code == 1 and "mode must be 600" in done.stderr and not (yard / "keys/signing/fourth.key").exists()


def test_names_are_checked_and_nothing_is_written_over(yard):
    before = {path: path.read_bytes() for path in yard.glob("keys/**/*") if path.is_file()}
    for name in ("../x", "a/b", "", ".x", "x" * 33, "release"):
        assert facts("key", "new", name, status=1)["field"] == "name"
    assert facts("key", "new", "root-a", "--root", status=1)["field"] == "root"
    assert before == {path: path.read_bytes() for path in yard.glob("keys/**/*") if path.is_file()}


def test_a_changed_key_list_is_refused_and_kept(yard):
    file = yard / "keys" / "keys.cose"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    for words in (("key", "list"), ("key", "new", "x"), SIGN):
        assert facts(*words, status=1)["field"] == "signature"
    assert file.read_bytes() == data


def test_without_a_root_key_no_list_is_signed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = said("key", "new", "release")
    assert done.exit_code == 1 and "ampacity bundle key new NAME --root" in done.stderr and not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("verify", "nowhere"), ("show", "nowhere"), ("sign",), ("key", "new"), ("sign", "app", "--sequence", "x")])
def test_wrong_usage_is_2(yard, words):
    assert said(*words).exit_code == 2


def test_what_is_no_bundle_is_1(yard):
    for content in (b"", b"AMPB", b"\xd2", b"AMPB\0\2\0\1\xd2", os.urandom(100)):
        Path("junk").write_bytes(content)
        assert facts("show", "junk", status=1)["ok"] is False and facts("verify", "junk", status=1)["ok"] is False


def test_a_key_list_is_shown(yard):
    seen = facts("show", "keys/keys.cose")
    assert seen["counter"] == 2 and [key["kinds"] for key in seen["keys"]] == [["application"], ["configuration"]]
    assert "counter  2" in said("show", "keys/keys.cose").stdout


def test_the_configuration_of_a_site_file_is_written_without_its_secrets_and_signed(yard):
    text = '[site]\nname = "garage"\n[[circuit]]\nname = "main"\nrating_a = 63.0\n'
    text += '[[evse]]\nname = "bay"\nkind = "local"\ncircuit = "main"\nmax_a = 16.0\n'
    Path("site.toml").write_text(text + '[ocpp]\nidentity = "g"\nurl = "ws://csms.example"\npassword = "a long secret word"\n')
    made = facts("configuration", "site.toml", "--out", "new")
    assert made["secrets"] == ["ocpp.password"] and b"a long secret word" not in Path(made["file"]).read_bytes()
    sign = ("sign", "new", "--out", "new.bundle", "--kind", "configuration", "--board", "board-a", "--release", "7", "--sequence", 7)
    facts(*sign, "--key", "installer", status=1)
    facts(*sign, "--key", "release", "--serial", "SN-1", status=1)
    facts(*sign, "--key", "installer", "--serial", "SN-1")
    assert facts("verify", "new.bundle", "--serial", "SN-1")["kind"] == "configuration"
    Path("site.toml").write_text(text.replace("63.0", "sixty"))
    assert facts("configuration", "site.toml", "--out", "new", status=1)["ok"] is False
    Path("new/more").write_text("x")
    assert said("configuration", "site.toml", "--out", "new").exit_code == 2
