"""`ampacity factory`: eight boards at once, keys made on them, cables that are pulled; real MicroPython processes on ptys."""

import contextlib
import csv
import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ampacity.base.pem import private_key
from ampacity_host.factory import on_device
from ampacity_host.factory.authority import Authority
from ampacity_host.factory.register import Entry, Register, alone
from ampacity_host.flash.content import content_of_frozen, stage
from ampacity_host.places import BOARDS
from ampacity_host.update.refused import Refused
from tests.host.flash.prompt_board import PromptBoard
from tests.host.flash.release import done, said

BOOT = """
import sys
class machine:
    unique_id = staticmethod(lambda: {unique_id!r})
    reset_cause = staticmethod(lambda: 1)
sys.modules["machine"] = machine
"""
STAGE = {f"boot/{module.path}": module.data for module in stage(lambda *_: None)}
NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


@contextlib.contextmanager
def boards(folder, count=1, unique_id=lambda number: b"board-%d" % number, flashed=STAGE):
    """Flashed boards at `tty0`, `tty1` … flashed: files of each."""
    made = []
    try:
        for number in range(count):
            own = folder / f"board{number}"
            for name, data in (flashed | {"boot.py": BOOT.format(unique_id=unique_id(number)).encode()}).items():
                (own / name).parent.mkdir(parents=True, exist_ok=True)
                (own / name).write_bytes(data)
            made.append(PromptBoard(folder / f"tty{number}", own))
        yield made
    finally:
        for board in made:
            board.close()


@pytest.fixture
def ca(tmp_path):
    done("factory", "ca", "--out", tmp_path / "ca", "--name", "Example GmbH controllers")
    return tmp_path / "ca"


def run(folder, made, *more, status=0, first="AC-0098", board="rp2350"):
    ports = [word for each in made for word in ("--port", each.link)]
    words = ("factory", "run", board, "--first-serial", first, "--ca", folder / "ca", "--out", folder / "line", *ports, *more, "--json")
    ended = said(*words)
    assert ended.exit_code == status, (ended.output, ended.exception)
    return json.loads(ended.stdout)


def own_key(board):
    return serialization.load_pem_private_key((board.folder / "identity" / "device.key").read_bytes(), None)


def rows(file):
    with open(file, newline="") as open_file:
        return list(csv.DictReader(open_file))


def test_eight_boards_at_once_two_with_a_pulled_cable(ca, tmp_path):
    """Also A00.FR.801 and A00.FR.804: each has a key and a certificate of its own, which the authority of the manufacturer has signed."""
    with boards(tmp_path, 8) as made:
        hands = [made[2].pull_when("identity/device.key", 1, away_s=0.5), made[5].pull_when("identity/device.key", 1, away_s=None)]
        devices = run(tmp_path, made, "--wait", 3, status=1)["devices"]
        for hand in hands:
            hand.join()
        assert [row["ok"] for row in devices] == [True] * 5 + [False] + [True] * 2 and devices[5]["lost"] and devices[2]["tries"] == 2
        half_done = own_key(made[5]).public_key()
        made[5].plug()
        again = run(tmp_path, made)["devices"]
        serials = [row["serial"] for row in again]
        assert sorted(serials) == [f"AC-{number:04d}" for number in range(98, 106)]
        assert serials == [row["serial"] for row in devices] and own_key(made[5]).public_key() == half_done
        authority = Authority(ca)
        for board, serial in zip(made, serials, strict=True):
            certificate = x509.load_pem_x509_certificate((board.folder / "identity" / "device.pem").read_bytes())
            certificate.verify_directly_issued_by(authority.certificate)
            assert certificate.public_key() == own_key(board).public_key()
            assert certificate.subject.rfc4514_string() == f"CN={serial}"
            assert json.loads((board.folder / "identity" / "identity.json").read_text())["serial"] == serial
            report = json.loads((tmp_path / "line" / "reports" / f"{serial}.json").read_text())
            assert report["passed"] and {each["name"] for each in report["checks"]} >= {"interpreter", "heap", "storage", "clock"}
    labels = rows(tmp_path / "line" / "labels.csv")
    assert [row["serial"] for row in labels] == sorted(serials) and len({row["key_sha256"] for row in labels}) == 8
    assert all((tmp_path / "line" / row["qr_file"]).read_text().lstrip().startswith("<?xml") and row["serial"] in row["qr_text"] for row in labels)


def test_a_controller_whose_firmware_is_frozen_makes_its_key_with_that(ca, tmp_path, monkeypatch):
    monkeypatch.setenv("MICROPYPATH", "/frozen:.frozen")  # of the interpreter that is the board
    frozen = {name.replace("boot/", "frozen/"): data for name, data in STAGE.items()}
    with boards(tmp_path, flashed=frozen | content_of_frozen().files) as (board,):
        row = run(tmp_path, [board])["devices"][0]
        certificate = x509.load_pem_x509_certificate((board.folder / "identity" / "device.pem").read_bytes())
        assert row["ok"] and certificate.public_key() == own_key(board).public_key()
        assert not (board.folder / "boot").exists()


def test_the_private_key_stays_on_the_controller_and_a_second_run_changes_nothing(ca, tmp_path):
    with boards(tmp_path) as (board,):
        run(tmp_path, [board])
        before = board.files()
        run(tmp_path, [board])
        assert board.files() == before
        text = before["identity/device.key"].decode()
        assert private_key(text) and own_key(board)
        secret = "".join(text.splitlines()[1:-1])
        outside = [path for top in ("line", "ca") for path in (tmp_path / top).rglob("*") if path.is_file()]
        assert outside and not any(secret[:40] in path.read_text(errors="replace") for path in outside)
        number = f"{own_key(board).private_numbers().private_value:x}"
        assert not any(number in path.read_text(errors="replace").lower() for path in outside)


def test_labels_are_written_again_with_the_same_bytes(ca, tmp_path):
    with boards(tmp_path, 2) as made:
        run(tmp_path, made)
    folder = tmp_path / "line"
    before = {path: path.read_bytes() for path in [folder / "labels.csv", *folder.glob("labels/*")]}
    for path in before:
        path.unlink()
    done("factory", "labels", "--out", folder)
    assert {path: path.read_bytes() for path in before} == before


def test_a_controller_that_fails_a_test_gets_no_label_and_the_reason_is_named(ca, tmp_path):
    with boards(tmp_path) as (board,):
        folder = tmp_path / "boards" / "hungry"  # a board that promises more heap than this one has
        folder.mkdir(parents=True)
        text = (BOARDS / "rp2350" / "board.toml").read_text().replace('name = "rp2350"', 'name = "hungry"', 1)
        text = text.replace("heap_kib = 400", "heap_kib = 40000000")
        (folder / "board.toml").write_text(text)
        row = run(tmp_path, [board], status=1, board=folder)["devices"][0]
        assert not row["ok"] and "KiB free; use 20000000 KiB or more" in row["text"] and row["serial"] == "AC-0098"
    assert rows(tmp_path / "line" / "labels.csv") == []
    assert [row["state"] for row in rows(tmp_path / "line" / "devices.csv")] == ["assigned", "failed"]
    assert not json.loads((tmp_path / "line" / "reports" / "AC-0098.json").read_text())["passed"]


def test_two_controllers_with_one_unique_id_are_one_controller(ca, tmp_path):
    with boards(tmp_path, unique_id=lambda number: b"same") as (board,):
        first = run(tmp_path, [board])["devices"][0]["serial"]
        (board.folder / "identity" / "device.pem").unlink()
        assert run(tmp_path, [board])["devices"][0]["serial"] == first


def test_a_silent_device_is_exit_code_3(ca, tmp_path):
    ended = said("factory", "run", "rp2350", "--first-serial", "1", "--ca", ca, "--out", tmp_path / "line", "--port", tmp_path / "none", "--wait", 0)
    assert ended.exit_code == 3 and "LOST" in ended.stdout


@pytest.mark.parametrize("words, status, text", [
    (("--first-serial", "AC-", "--port", "a"), 2, "end in a number"), (("--first-serial", "1"), 2, "name the serial device"),
    (("--first-serial", "1", "--port", "a", "--port", "a"), 2, "each once"), (("--first-serial", "../1", "--port", "a"), 2, "--first-serial"),
])
def test_wrong_usage_says_what_is_allowed(ca, tmp_path, words, status, text):
    ended = said("factory", "run", "rp2350", "--ca", ca, "--out", tmp_path / "line", *words)
    assert ended.exit_code == status and text in ended.stderr and not (tmp_path / "line").exists()


def test_an_authority_is_not_written_over_and_others_must_not_read_its_key(ca, tmp_path):
    assert said("factory", "ca", "--out", ca, "--name", "x").exit_code == 1
    (ca / "ca.key").chmod(0o644)
    ended = said("factory", "run", "rp2350", "--first-serial", "1", "--ca", ca, "--out", tmp_path / "line", "--port", "a")
    assert ended.exit_code == 1 and "its mode must be 600" in ended.stderr


@pytest.fixture
def controller(tmp_path, monkeypatch):
    """The code of the controller, in a folder of its own on this computer."""
    monkeypatch.chdir(tmp_path)
    return on_device


@pytest.mark.parametrize("serial", ["1", "AC-0001", "x" * 32])
def test_the_library_takes_a_request_that_the_controller_code_made(controller, serial, ca):
    request = controller.request(serial)
    assert request == controller.request(serial)  # the same key, and a signature without chance
    certificate = Authority(ca).certify(request, serial, 30, NOW)
    assert (certificate.not_valid_after_utc - NOW).days == 30 and not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_request_for_another_number_or_with_a_changed_byte_is_refused(controller, ca):
    request = controller.request("AC-1")
    with pytest.raises(Refused, match="it is for CN=AC-1, not CN=AC-2"):
        Authority(ca).certify(request, "AC-2", 30, NOW)
    for changed in (request[:-1] + bytes([request[-1] ^ 1]), b"", request[:40]):
        with pytest.raises(Refused):
            Authority(ca).certify(changed, "AC-1", 30, NOW)


def test_the_nonce_and_signature_are_those_of_rfc_6979(controller):
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    assert controller.nonce(secret, controller.sha256(b"sample").digest()) == 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60
    r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert controller.signature(secret, b"sample") == controller.der(0x30, controller.number(r), controller.number(s))


def test_one_key_in_two_controllers_is_refused(tmp_path):
    register = Register(tmp_path, "1")
    first, second = register.assign("aa", "b", "t"), register.assign("bb", "b", "t")
    register.ended(first, "passed", "t", key_sha256="k")
    with pytest.raises(Refused, match="1 has the same key: the random source"):
        register.check_key(second, "k")
    register.check_key(first, "k")


def test_a_register_continues_and_a_damaged_one_is_refused(tmp_path):
    Register(tmp_path, "AC-009").assign("aa", "b", "t")
    again = Register(tmp_path, "AC-001")
    assert again.assign("bb", "b", "t") == Entry("AC-010", "bb", "b", time="t") and again.assign("aa", "b", "t").serial == "AC-009"
    with pytest.raises(Refused, match="was registered as b, not c"):
        again.assign("aa", "c", "t")
    with open(tmp_path / "devices.csv", "a") as file:
        file.write("AC-011,cc\n")
    with pytest.raises(Refused, match="line 4 is cut off"):
        Register(tmp_path, "AC-001")


def test_a_line_that_a_power_cut_left_unfinished_is_written_again(tmp_path):
    register = Register(tmp_path, "1")
    register.ended(register.assign("aa", "b", "t"), "passed", "t", key_sha256="k")
    whole = (tmp_path / "devices.csv").read_bytes()
    for size in range(len(whole)):
        (tmp_path / "devices.csv").write_bytes(whole[:size])
        again = Register(tmp_path, "1")
        again.ended(again.assign("aa", "b", "t"), "passed", "t", key_sha256="k")
        again.assign("bb", "b", "t")
        assert [entry.serial for entry in Register(tmp_path, "1").entries()] == ["1", "2"], size
        assert Register(tmp_path, "1").entries()[0].state == "passed"


def test_two_controllers_with_one_unique_id_at_once_do_not_both_pass(ca, tmp_path):
    with boards(tmp_path, 2, unique_id=lambda number: b"same") as made:
        devices = run(tmp_path, made, status=1)["devices"]
        assert sorted(row["ok"] for row in devices) == [False, True]
        refused = next(row for row in devices if not row["ok"])
        assert "AC-0098 has another key" in refused["text"] and refused["serial"] is None
        other = made[devices.index(refused)]
        assert not (other.folder / "identity" / "device.pem").exists()
    assert [row["serial"] for row in rows(tmp_path / "line" / "labels.csv")] == ["AC-0098"]


def test_a_controller_whose_key_was_erased_is_refused_and_its_entry_stays(ca, tmp_path):
    with boards(tmp_path) as (board,):
        run(tmp_path, [board])
        register = (tmp_path / "line" / "devices.csv").read_bytes()
        for file in (board.folder / "identity").iterdir():
            file.unlink()
        row = run(tmp_path, [board], status=1)["devices"][0]
        assert "its files were erased" in row["text"]
    assert (tmp_path / "line" / "devices.csv").read_bytes() == register


def test_a_second_run_in_the_same_folder_is_refused(ca, tmp_path):
    words = ("factory", "run", "rp2350", "--first-serial", "1", "--ca", ca, "--out", tmp_path / "line", "--port", tmp_path / "none", "--wait", 0)
    with alone(tmp_path / "line"):
        ended = said(*words)
        assert ended.exit_code == 1 and "another run uses" in ended.stderr
    assert said(*words).exit_code == 3


def test_a_full_disk_of_the_computer_is_no_lost_cable(ca, tmp_path):
    (tmp_path / "line").mkdir()
    (tmp_path / "line" / "reports").write_text("a file where a folder belongs")
    with boards(tmp_path) as (board,):
        row = run(tmp_path, [board], status=1)["devices"][0]
        assert not row["lost"] and row["tries"] == 1 and "--out: " in row["text"], row
