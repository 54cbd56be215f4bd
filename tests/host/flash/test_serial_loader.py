"""`ampacity flash` of a board with a serial loader: the real esptool, and a chip on a pty that answers it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest
from loader_chip import DEFL_DATA, FLASH_DATA, LoaderChip
from partition_table import OTADATA_AT, SLOT_AT, TABLE_AT, combined, image, table
from release import release, said

from ampacity_host.flash.content import BOOT, ENTRY_FROZEN, content
from ampacity_host.flash.littlefs_image import read
from ampacity_host.places import BOARDS

FILES_AT, FILES_BYTES = 5056 << 10, 3136 << 10  # of boards/esp32-s3
QUICK = ("--wait", 20)


@contextlib.contextmanager
def chips(folder, count=1, **options):
    """Chips at `tty0`, `tty1` …"""
    made = [LoaderChip(folder / f"tty{number}", **options) for number in range(count)]
    try:
        yield made
    finally:
        for chip in made:
            chip.close()


@pytest.fixture
def ready(tmp_path):
    """(words of the command up to the ports, files that a controller must hold)."""
    bundle, keys = release(tmp_path, "esp32-s3")
    files = content("esp32-s3", 1152 << 10, bundle.read_bytes(), keys, lambda *_: None).files
    (tmp_path / "firmware.bin").write_bytes(combined())
    return ("flash", "esp32-s3", "--bundle", bundle, "--keys", keys, *QUICK, "--json"), files


def held(chip):
    return dict(read(bytes(chip.flash[FILES_AT : FILES_AT + FILES_BYTES])))


def flashed(words, chip_list, status=0):
    ports = [word for chip in chip_list for word in ("--port", chip.link)]
    done = said(*words, *ports)
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)["devices"]


def test_interpreter_and_files_are_on_the_flash_afterwards_and_nothing_else_changed(ready, tmp_path):
    words, files = ready
    with chips(tmp_path) as (chip,):
        rows = flashed((*words, "--interpreter", tmp_path / "firmware.bin"), [chip])
        assert rows[0]["ok"] and rows[0]["tries"] == 1 and "digests read back" in rows[0]["text"]
        data = (tmp_path / "firmware.bin").read_bytes()
        assert held(chip) == files and chip.flash[: len(data)] == data
        assert set(chip.flash[128 << 10 : FILES_AT]) == {0}
        assert DEFL_DATA in chip.commands, set(chip.commands)


def test_without_a_bundle_the_interpreter_has_the_firmware_and_the_file_system_its_start(tmp_path):
    words, file = ("flash", "esp32-s3:no-psram", *QUICK, "--json"), tmp_path / "firmware.bin"
    file.write_bytes(combined())
    with chips(tmp_path) as (chip,):
        for more in ((), ("--interpreter", file)):
            refused = said(*words, *more, "--port", chip.link)
            assert refused.exit_code == 2 and "use the interpreter that the firmware is frozen into, or --bundle" in refused.stderr
        assert chip.written == 0
        file.write_bytes(combined() + ENTRY_FROZEN + b"mpy")
        assert flashed((*words, "--interpreter", file), [chip])[0]["ok"]
        assert held(chip) == {"main.py": (BOOT / "main.py").read_bytes()} and chip.flash[: len(file.read_bytes())] == file.read_bytes()


def test_without_the_helper_program_the_loader_in_rom_does_it(ready, tmp_path):
    words, files = ready
    with chips(tmp_path) as (chip,):
        assert flashed((*words, "--rom-loader"), [chip])[0]["ok"] and held(chip) == files
        assert FLASH_DATA in chip.commands and DEFL_DATA not in chip.commands


def test_a_second_run_writes_nothing(ready, tmp_path):
    words, _ = ready
    with chips(tmp_path) as (chip,):
        flashed(words, [chip])
        written = chip.written
        assert "13 of 13 pieces were there already" in flashed(words, [chip])[0]["text"] and chip.written == written


@pytest.mark.parametrize("away_s, tries", [(0.3, 1), (9, 2)])  # esptool itself waits for 7 s
def test_a_pulled_cable_is_waited_for_and_the_write_continues(ready, tmp_path, away_s, tries):
    words, files = ready
    with chips(tmp_path) as (chip,):
        chip.pull_at = 300_000

        def plug_again():
            while os.path.islink(chip.link):
                time.sleep(0.02)
            time.sleep(away_s)
            chip.plug()

        hand = threading.Thread(target=plug_again)
        hand.start()
        rows = flashed(words, [chip])
        hand.join()
        assert rows[0]["ok"] and rows[0]["tries"] == tries and "already" not in rows[0]["text"]  # the attempt before wrote them
        assert held(chip) == files and chip.written < FILES_BYTES + (256 << 10)


def test_a_cable_that_stays_out_is_reported_and_the_other_boards_are_written(ready, tmp_path):
    words, files = ready
    with chips(tmp_path, 3) as made:
        made[1].pull_at = 300_000
        rows = flashed((*words, "--wait", 1), made, status=1)
        assert [(row["ok"], row["lost"]) for row in rows] == [(True, False), (False, True), (True, False)]
        assert "did not come back within 1 s" in rows[1]["text"] and held(made[0]) == held(made[2]) == files
        made[1].plug()
        row = flashed(words, [made[1]])[0]
        assert row["ok"] and "1 of 13 pieces were there already" in row["text"] and held(made[1]) == files


def test_another_chip_than_the_board_has_is_not_written(ready, tmp_path):
    words, _ = ready
    with chips(tmp_path, chip_id=5) as (chip,):
        row = flashed(words, [chip], status=1)[0]
        assert not row["ok"] and row["tries"] == 1 and chip.written == 0 and "This chip is ESP32-C3" in row["text"], row


@pytest.mark.parametrize("chip_is, text", [
    ({"jedec_id": 0x1640EF}, "will not fit in 4194304 bytes of flash"),
    ({"security": 4}, "not available in Secure Download Mode"),
])
def test_a_chip_that_remains_wrong_is_tried_once_and_is_not_lost(ready, tmp_path, chip_is, text):
    words, _ = ready
    with chips(tmp_path, **chip_is) as (chip,):
        row = flashed(words, [chip], status=1)[0]
        assert not row["ok"] and not row["lost"] and row["tries"] == 1 and text in row["text"], row
        assert chip.written <= FILES_BYTES


@pytest.mark.parametrize("board", ["esp32-s3", "rp2350"])
def test_what_is_no_serial_device_is_said_to_be_none(tmp_path, board):
    bundle, keys = release(tmp_path, board)
    (tmp_path / "file").write_bytes(b"")
    for name in (tmp_path / "file", tmp_path, "/dev/null"):
        done = said("flash", board, "--bundle", bundle, "--keys", keys, "--json", *QUICK, "--port", name)
        row = json.loads(done.stdout)["devices"][0]
        assert done.exit_code == 1 and not row["lost"] and row["tries"] == 1 and row["text"] == f"{name} is no serial device", row


def test_a_cell_that_does_not_keep_its_value_is_found(ready, tmp_path):
    words, _ = ready
    with chips(tmp_path) as (chip,):
        chip.spoil_at = FILES_AT + 40
        row = flashed((*words, "--tries", 2), [chip], status=1)[0]
        assert not row["ok"] and not row["lost"] and row["tries"] == 2, row


def test_without_a_device_the_exit_code_is_3(ready, tmp_path):
    words, _ = ready
    done = said(*words, "--wait", 0.3, "--port", tmp_path / "tty9")
    assert done.exit_code == 3 and not json.loads(done.stdout)["ok"]


@pytest.mark.parametrize("more, text", [
    ((), "--port: 'none' is not allowed"),
    (("--port", "a", "--port", "a"), "each device once"),
    (("--port", "a", "--drive", "b"), "on a board that is written by uf2; this one: esptool"),
    (("--port", "a", "--interpreter", "nowhere.bin"), "nowhere.bin: No such file"),
])
def test_wrong_usage_ends_with_2(ready, more, text):
    done = said(*ready[0], *more)
    assert done.exit_code == 2 and text in done.stderr, done.output


def test_an_interpreter_that_reaches_into_the_files_is_refused(ready, tmp_path):
    (tmp_path / "large.bin").write_bytes(bytes(FILES_AT + 1))
    done = said(*ready[0], "--port", "a", "--interpreter", tmp_path / "large.bin")
    assert done.exit_code == 2 and "the file system begins behind it" in done.stderr


@pytest.mark.parametrize("record", [b"\xff", b"\x02\0\0\0" + b"\xff" * 24 + b"\x74\x37\xf6\x55"])  # none; the second slot
def test_the_interpreter_that_was_written_is_the_one_that_starts(ready, tmp_path, record):
    data = bytearray(combined())
    data[OTADATA_AT : OTADATA_AT + len(record)] = record
    (tmp_path / "firmware.bin").write_bytes(data)
    with chips(tmp_path) as (chip,):
        chip.flash[OTADATA_AT : OTADATA_AT + 32] = b"\x02\0\0\0" + b"\xff" * 24 + b"\x74\x37\xf6\x55"  # an earlier life started the second slot
        assert flashed((*ready[0], "--interpreter", tmp_path / "firmware.bin"), [chip])[0]["ok"]
        assert set(chip.flash[OTADATA_AT : OTADATA_AT + 8192]) == {0xFF} and chip.flash[SLOT_AT] == 0xE9


def test_without_an_interpreter_the_record_of_the_slot_stays(ready, tmp_path):
    with chips(tmp_path) as (chip,):
        before = chip.flash[OTADATA_AT : OTADATA_AT + 8192] = os.urandom(8192)
        assert flashed(ready[0], [chip])[0]["ok"] and chip.flash[OTADATA_AT : OTADATA_AT + 8192] == before


def test_the_images_of_these_tests_are_right_by_esptool_and_a_changed_one_is_not(tmp_path):
    for data, said_so in ((image(15000), "(valid)"), (flipped(image(15000), 20000), "invalid")):
        (tmp_path / "image.bin").write_bytes(data)
        words = [sys.executable, "-m", "esptool", "--chip", "esp32s3", "image-info", str(tmp_path / "image.bin")]
        lines = [line for line in subprocess.run(words, capture_output=True, text=True).stdout.splitlines() if "Checksum:" in line or "hash:" in line]
        assert len(lines) == 2 and all(said_so in line for line in lines), lines


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


@pytest.mark.parametrize("of_file, text", [
    (lambda: b"\xe9" + os.urandom(200_000), "without a partition table at 0x8000"),
    (lambda: combined()[:TABLE_AT], "without a partition table"),
    (lambda: combined()[:SLOT_AT], "without an application at 0x10000"),
    (lambda: combined(table(ota_1=0x290000)), "with ota-1 at 0x280000, 2496 KiB"),
    (lambda: combined(table(factory=True)), "no application outside the slots"),
    (lambda: combined(table(otadata=0xC000)), "with otadata at 0xd000"),
    (lambda: combined(application=image(15000)[:12000]), "with an incomplete application"),
    (lambda: combined(application=image(15000)[:-1]), "with an incomplete application"),
    (lambda: combined(application=image(15000)[:20]), "with no application"),
    (lambda: combined(application=image(15000, chip_id=5)), "with another chip's application"),
    (lambda: combined(application=flipped(image(15000), 20000)), "with a damaged application"),
    (lambda: combined(application=flipped(image(15000, hashed=False), 20000)), "with a damaged application"),
    (lambda: combined(loader=b""), "with no boot loader"),
    (lambda: combined(loader=bytes(20000)), "with no boot loader"),
    (lambda: combined(loader=image(10000)[:9000]), "with an incomplete boot loader"),
    (lambda: combined(loader=flipped(image(10000), 15000)), "with a damaged boot loader"),
    (lambda: combined(loader=image(10000, chip_id=0)), "with another chip's boot loader"),
])
def test_an_interpreter_that_could_not_boot_on_this_board_is_refused(ready, tmp_path, of_file, text):
    (tmp_path / "wrong.bin").write_bytes(of_file())
    with chips(tmp_path) as (chip,):
        done = said(*ready[0], "--port", chip.link, "--interpreter", tmp_path / "wrong.bin")
        assert done.exit_code == 2 and text in done.stderr and chip.written == 0, done.output


@pytest.mark.parametrize("board", ["linux-arm", "unix"])
def test_a_board_without_a_microcontroller_is_referred_to_the_document(ready, board):
    done = said("flash", board, *ready[0][2:], "--port", "a")
    assert done.exit_code == 2 and done.stderr.startswith("ampacity: board:"), done.output


def test_progress_counts_all_pieces(ready, tmp_path):
    words, _ = ready
    with chips(tmp_path) as (chip,):
        done = said(*[word for word in words if word != "--json"], "--port", chip.link)
    shares = {what: [int(line.split()[-2]) for line in done.stderr.splitlines() if f": {what}: " in line] for what in ("writing", "reading back")}
    for row in shares.values():
        assert row == sorted(row) and row[-1] == 100 and len(row) >= 4, done.stderr
    assert done.stdout.startswith("ok ") and "1 of 1 jobs done" in done.stdout


def test_a_board_whose_application_is_part_of_the_interpreter_is_refused(ready, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(BOARDS / "esp32-s3", own)
    text = (own / "board.toml").read_text().replace('name = "esp32-s3"', 'name = "own"', 1)
    (own / "board.toml").write_text(text.replace('kind = "files-ab"', 'kind = "esp32-ota"'))
    done = said("flash", own, *ready[0][2:], "--port", "a")
    assert done.exit_code == 2 and "update.kind: 'esp32-ota' is not allowed" in done.stderr, done.output
