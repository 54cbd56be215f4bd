"""Manifest of the boot stage's modules, which `ampacity flash` puts next to it below `/boot`: MicroPython's manifest language."""

import os

FIRMWARE = "../../firmware" if os.path.isdir("../../firmware/ampacity") else "../../.."  # in the repository; where it is installed
BASE = ("__init__.py", "base/__init__.py", "base/errors.py", "base/utf8.py", "circuit/__init__.py", "circuit/trusted/__init__.py")
STORE = ("circuit/trusted/errors.py", "store/__init__.py", "store/disk_files.py", "store/fsync.py", "store/slot_files.py")
UPDATE = ("__init__", "cbor", "cose_sign1", "fields", "manifest", "p256", "records", "slot_content", "slot_state", "slots", "trust")

package("ampacity", files=(*BASE, *STORE, *[f"update/{name}.py" for name in UPDATE]), base_path=FIRMWARE)  # noqa: F821
