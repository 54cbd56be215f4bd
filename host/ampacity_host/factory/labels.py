"""Labels: one line of CSV for each controller that passed, and its QR code as SVG. The same register gives the same bytes."""

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import segno

from ampacity_host.factory.register import PASSED, Entry

FILE, FOLDER = "labels.csv", "labels"
FIELDS = ("serial", "board", "key_sha256", "qr_text", "qr_file")
KEY_DIGITS = 16
PREFIX = "AMPACITY:1"


def text(entry: Entry) -> str:
    """What the QR code of a label says: upper case, which makes the code smaller where the serial number is so too."""
    return f"{PREFIX}:{entry.serial}:{entry.board.upper()}:{entry.key_sha256[:KEY_DIGITS].upper()}"


def write_labels(folder: Path, entries: Iterable[Entry]) -> list[Entry]:
    """Writes the labels of all controllers that passed, and returns these. Raises OSError."""
    passed = [entry for entry in entries if entry.state == PASSED]
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    lines = StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(FIELDS)
    for entry in passed:
        picture = Path(FOLDER) / f"{entry.serial}.svg"
        segno.make_qr(text(entry), error="m").save(str(folder / picture), kind="svg", scale=4, svgclass=None, lineclass=None)
        writer.writerow([entry.serial, entry.board, entry.key_sha256, text(entry), picture.as_posix()])
    (folder / FILE).write_text(lines.getvalue(), encoding="utf-8", newline="")
    return passed
