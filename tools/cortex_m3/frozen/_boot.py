"""Runs at each start of the emulated board, as on every board of MicroPython: mounts the file system of its flash, which is a file of the host."""

import uctypes
import vfs

FLASH, BLOCK_BYTES, BLOCKS = 0x21000000, 4096, 2048  # 8 MiB, as the SPI flash of the stm32h7


class Flash:
    """A block device in memory that lasts."""

    def __init__(self):
        self._bytes = memoryview(uctypes.bytearray_at(FLASH, BLOCKS * BLOCK_BYTES))

    def readblocks(self, block, data, offset=0):
        at = block * BLOCK_BYTES + offset
        data[:] = self._bytes[at : at + len(data)]

    def writeblocks(self, block, data, offset=0):
        at = block * BLOCK_BYTES + offset
        self._bytes[at : at + len(data)] = data

    def ioctl(self, request, block):
        if request == 4:
            return BLOCKS
        if request == 5:
            return BLOCK_BYTES
        if request == 6:
            at = block * BLOCK_BYTES
            self._bytes[at : at + BLOCK_BYTES] = b"\xff" * BLOCK_BYTES
        return 0


flash = Flash()
try:
    files = vfs.VfsLfs2(flash, progsize=256, readsize=256, mtime=False)
except OSError:
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    files = vfs.VfsLfs2(flash, progsize=256, readsize=256, mtime=False)
vfs.mount(files, "/")
