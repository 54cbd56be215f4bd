"""`ampacity flash` of a board with a DFU boot loader: a program in the place of dfu-util that checks how it is called and keeps a flash."""

import json
import os
import struct
import sys
import zlib

import pytest
from prompt_board import PromptBoard
from release import release, said

from ampacity_host.flash.dfu import NotDfuse, elements

BASE = 0x08000000
ROOM = (0, 1536 << 10)
AT = BASE + (128 << 10)
PROGRAM = '''#!{python}
"""Stand-in for dfu-util: refuses what the real one would, keeps a flash in a file, notes its calls."""
import argparse, json, os, pathlib, struct, sys
parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--list", action="store_true")
parser.add_argument("--device", required=True, choices=["0483:df11"])
parser.add_argument("--alt", choices=["0"])
parser.add_argument("--serial", choices=["A1", "B2"])
for name in ("--download", "--dfuse-address", "--upload"):
    parser.add_argument(name)
options = parser.parse_args()
folder = pathlib.Path({folder!r})
calls = folder / "calls"
calls.write_text((calls.read_text() if calls.exists() else "") + json.dumps(sys.argv[1:]) + "\\n")
serial = options.serial or "A1"
if (folder / "closed").exists():
    print("dfu-util: Cannot open DFU device 0483:df11 found on devnum 12 (LIBUSB_ERROR_ACCESS)")
    sys.exit(0 if options.list else "dfu-util: No DFU capable USB device available")
if options.list:
    for name in ("A1", "B2"):
        print('Found DFU: [0483:df11] ver=0200, alt=0, name="@Internal Flash", serial="' + name + '"')
    sys.exit(0)
away = folder / "away"
if away.exists():
    away.unlink()
    sys.exit("dfu-util: No DFU capable USB device available")
pulled = folder / "pulled"
if pulled.exists():
    text = pulled.read_text()
    pulled.unlink()
    sys.exit(text)
if options.alt != "0" or bool(options.download) == bool(options.upload):
    sys.exit("dfu-util: wrong call")
flash = folder / (serial + ".flash")
kept = json.loads(flash.read_text()) if flash.exists() else {{}}
if options.download:
    data = pathlib.Path(options.download).read_bytes()
    at = 11 + 274
    for _ in range(struct.unpack_from("<I", data, 11 + 270)[0]):
        address, size = struct.unpack_from("<II", data, at)
        kept[hex(address)] = data[at + 8 : at + 8 + size].hex()
        at += 8 + size
    flash.write_text(json.dumps(kept))
    print("Download\\t[=============            ]  50%\\nDownload\\t[=========================] 100%\\nFile downloaded successfully")
else:
    address, size, *rest = options.dfuse_address.split(":")
    data = bytes.fromhex(kept[hex(int(address, 16))])[: int(size)]
    if (folder / "worn").exists():
        data = data[:-1] + b"?"
    pathlib.Path(options.upload).write_bytes(data)
    if rest == ["leave"]:
        (folder / (serial + ".left")).write_text("")
'''


def dfuse(*parts, usb=(0xDF11, 0x0483)):
    """A DfuSe file of (address, content)."""
    body = b"".join(struct.pack("<II", address, len(data)) + data for address, data in parts)
    target = struct.pack("<6sBI255sII", b"Target", 0, 0, b"", len(body), len(parts)) + body
    data = struct.pack("<5sBIB", b"DfuSe", 1, 11 + len(target), 1) + target + struct.pack("<HHHH3sB", 0, *usb, 0x11A, b"UFD", 16)
    return data + struct.pack("<I", zlib.crc32(data) ^ 0xFFFFFFFF)


@pytest.fixture
def ready(tmp_path, monkeypatch):
    """The words of the command up to the devices; the stand-in is in place."""
    program = tmp_path / "dfu-util"
    program.write_text(PROGRAM.format(python=sys.executable, folder=str(tmp_path)))
    program.chmod(0o755)
    monkeypatch.setenv("AMPACITY_DFU_UTIL", str(program))
    bundle, keys = release(tmp_path, "stm32h7")
    (tmp_path / "firmware.dfu").write_bytes(dfuse((AT, b"vectors" * 20), (AT + 4096, os.urandom(9000))))
    words = ("flash", "stm32h7", "--bundle", bundle, "--keys", keys, "--json", "--wait", 5)
    return (*words, "--interpreter", tmp_path / "firmware.dfu")


def calls(folder):
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def test_each_element_is_written_and_read_back_and_the_interpreter_starts(ready, tmp_path):
    done = said(*ready)
    row = json.loads(done.stdout)["devices"][0]
    assert done.exit_code == 0 and row["ok"] and row["text"] == "9140 bytes written and read back", done.output
    made = [call for call in calls(tmp_path) if "--list" not in call]
    usb = ["--device", "0483:df11", "--alt", "0"]
    assert made[0] == [*usb, "--download", str(tmp_path / "firmware.dfu")]
    assert [call[4:6] for call in made[1:]] == [["--dfuse-address", "0x08020000:140"], ["--dfuse-address", "0x08021000:9000:leave"]]
    assert (tmp_path / "A1.left").exists()


def test_boards_are_told_apart_by_their_usb_serial_number(ready, tmp_path):
    done = said(*ready, "--usb", "A1", "--usb", "B2")
    assert done.exit_code == 0 and [row["device"] for row in json.loads(done.stdout)["devices"]] == ["A1", "B2"]
    assert (tmp_path / "A1.flash").read_text() == (tmp_path / "B2.flash").read_text()


def test_a_device_that_went_away_is_tried_again(ready, tmp_path):
    (tmp_path / "away").write_text("")
    row = json.loads(said(*ready, "--usb", "B2").stdout)["devices"][0]
    assert row["ok"] and row["tries"] == 2 and ["--list", "--device", "0483:df11"] in calls(tmp_path)[2:]


def test_other_bytes_that_are_read_back_are_a_failure(ready, tmp_path):
    (tmp_path / "worn").write_text("")
    done = said(*ready)
    assert done.exit_code == 1 and "reads back other bytes at 0x08020000" in json.loads(done.stdout)["devices"][0]["text"]
    assert not (tmp_path / "A1.left").exists()


def test_the_files_follow_at_the_prompt(ready, tmp_path):
    board = PromptBoard(tmp_path / "tty", tmp_path / "board")
    done = said(*ready, "--port", board.link)
    board.close()
    rows = json.loads(done.stdout)["devices"]
    assert done.exit_code == 0 and [row["ok"] for row in rows] == [True, True] and "slots/a/application.pack" in board.files()


def test_without_the_program_it_is_named_with_its_package(ready, monkeypatch):
    monkeypatch.delenv("AMPACITY_DFU_UTIL")
    monkeypatch.setenv("PATH", "")
    for named in (None, "/nowhere/dfu-util"):
        if named is not None:
            monkeypatch.setenv("AMPACITY_DFU_UTIL", named)
        done = said(*ready)
        assert done.exit_code == 2 and "apt-get install dfu-util" in done.stderr


@pytest.mark.parametrize("data, text", [
    (b"", "cut off"), (b"x" * 400, "no file of the DfuSe format"), (dfuse((AT, b"x" * 100))[:-40], "no file"),
    (dfuse((BASE + (2 << 20), b"x")), "outside the interpreter's region"), (dfuse((0x24000000, b"x")), "1 bytes to 0x24000000"),
    (dfuse(), "without content"), (dfuse((AT, b"")), "without content"), (dfuse((AT, b"x" * 100)).replace(b"xx", b"xy", 1), "damaged"),
    (dfuse((AT, b"x"), usb=(0xDF11, 0x1209)), "for a device 1209:df11, this board is 0483:df11"),
    (dfuse((AT, b"x"), usb=(0x6018, 0x0483)), "for a device 0483:6018"),
])
def test_a_file_of_another_kind_or_place_is_refused(data, text):
    with pytest.raises(NotDfuse, match=text):
        elements(data, BASE, ROOM, "0483:df11")


def test_a_file_for_any_device_is_taken():
    assert elements(dfuse((AT, b"x"), usb=(0xFFFF, 0xFFFF)), BASE, ROOM, "0483:df11") == [(AT, b"x")]


def test_a_device_that_this_user_may_not_open_is_named_and_is_not_lost(ready, tmp_path):
    (tmp_path / "closed").write_text("")
    done = said(*ready, "--usb", "A1")
    row = json.loads(done.stdout)["devices"][0]
    assert done.exit_code == 1 and not row["lost"] and row["tries"] == 1 and "a udev rule is missing" in row["text"], row


@pytest.mark.parametrize("text", ["Error during download get_status", "dfuse_download: libusb_control_transfer returned -7 (LIBUSB_ERROR_TIMEOUT)"])
def test_a_cable_that_is_pulled_in_a_transfer_is_waited_for(ready, tmp_path, text):
    (tmp_path / "pulled").write_text("dfu-util: " + text)
    row = json.loads(said(*ready, "--usb", "A1").stdout)["devices"][0]
    assert row["ok"] and row["tries"] == 2, row
