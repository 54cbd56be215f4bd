"""The combined image of an interpreter for boards/esp32-s3: boot loader, partition table, application in the first slot."""

import os
import struct

TABLE_AT, OTADATA_AT, SLOT_AT = 0x8000, 0xD000, 0x10000


def table(ota_1=0x280000, otadata=OTADATA_AT, factory=False):
    """A partition table as ESP-IDF makes it, with what the caller moves."""
    rows = [("nvs", 1, 2, 0x9000, 0x4000), ("otadata", 1, 0, otadata, 0x2000), ("phy_init", 1, 1, 0xF000, 0x1000),
            ("ota_0", 0, 0x10, SLOT_AT, 0x270000), ("ota_1", 0, 0x11, ota_1, 0x270000), ("vfs", 1, 0x81, 0x4F0000, 0x310000)]  # fmt: skip
    rows += [("factory", 0, 0, 0x800000, 0x100000)] if factory else []
    return b"".join(struct.pack("<HBBII16sI", 0x50AA, kind, subtype, start, size, name.encode(), 0) for name, kind, subtype, start, size in rows)


def combined(partitions=None):
    """The image; what lies between its parts is erased flash."""
    image = bytearray(b"\xff" * (SLOT_AT + 40000))
    image[:20001] = b"\xe9" + os.urandom(20000)
    partitions = table() if partitions is None else partitions
    image[TABLE_AT : TABLE_AT + len(partitions)] = partitions
    image[SLOT_AT : SLOT_AT + 30001] = b"\xe9" + os.urandom(30000)
    return bytes(image)
