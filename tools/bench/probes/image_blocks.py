"""A littlefs image in a file, for MicroPython: a board's file system for tests, and what slots held before packs (row `mounted`)."""

COUNT, BLOCK_BYTES = 4, 5  # of ioctl
BLOCK_BYTES_AT = 24  # in the first block, littlefs 2


class ImageBlocks:
    """A file as a block device that can be read."""

    def __init__(self, path):
        self._file = open(path, "rb")
        head = self._file.read(BLOCK_BYTES_AT + 4)
        self.block_bytes = int.from_bytes(head[BLOCK_BYTES_AT:], "little")
        self.blocks = self._file.seek(0, 2) // self.block_bytes

    def readblocks(self, block, buffer, offset=0):
        """Fills the buffer from a place in a block on."""
        self._file.seek(block * self.block_bytes + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        """Refused: an image does not change."""
        raise OSError(30)

    def ioctl(self, operation, _argument):
        """Number and size of the blocks."""
        return {COUNT: self.blocks, BLOCK_BYTES: self.block_bytes}.get(operation, 0)
