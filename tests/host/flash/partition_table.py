"""The combined image of an interpreter for boards/esp32-s3: boot loader, partition table, application in the first slot."""

import functools
import hashlib
import operator
import os
import struct

TABLE_AT, OTADATA_AT, SLOT_AT = 0x8000, 0xD000, 0x10000


def table(ota_1=0x280000, otadata=OTADATA_AT, factory=False):
    """A partition table as ESP-IDF makes it, with what the caller moves."""
    rows = [("nvs", 1, 2, 0x9000, 0x4000), ("otadata", 1, 0, otadata, 0x2000), ("phy_init", 1, 1, 0xF000, 0x1000),
            ("ota_0", 0, 0x10, SLOT_AT, 0x270000), ("ota_1", 0, 0x11, ota_1, 0x270000), ("vfs", 1, 0x81, 0x4F0000, 0x310000)]  # fmt: skip
    rows += [("factory", 0, 0, 0x800000, 0x100000)] if factory else []
    return b"".join(struct.pack("<HBBII16sI", 0x50AA, kind, subtype, start, size, name.encode(), 0) for name, kind, subtype, start, size in rows)


def image(size, chip_id=9, hashed=True):
    """An image of two segments with `size` bytes in each, as ESP-IDF makes it."""
    data = bytearray(struct.pack("<BBBBIB3xHB8xB", 0xE9, 2, 2, 0x3F, 0x40080000, 0xEE, chip_id, 0, hashed))
    content = os.urandom(2 * size)
    for half in (content[:size], content[size:]):
        data += struct.pack("<II", 0x3FFB0000, size) + half
    data += bytes(15 - len(data) % 16) + bytes([functools.reduce(operator.xor, content, 0xEF)])
    return bytes(data) + (hashlib.sha256(data).digest() if hashed else b"")


def combined(partitions=None, loader=None, application=None):
    """The image; what lies between its parts is erased flash."""
    whole = bytearray(b"\xff" * SLOT_AT)
    for at, part in ((0, image(10000) if loader is None else loader), (TABLE_AT, table() if partitions is None else partitions)):
        whole[at : at + len(part)] = part
    return bytes(whole) + (image(15000) if application is None else application)
