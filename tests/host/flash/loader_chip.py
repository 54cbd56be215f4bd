"""A chip with a serial loader on a pty: it answers esptool as the ROM does, and as the helper program does once that was started.

SLIP frames, the commands of flashing, a flash that is erased and written as NOR flash is. The cable can be pulled at a number of bytes written.
"""

import hashlib
import os
import pty
import select
import struct
import threading
import time
import tty
import zlib

END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = 0xC0, 0xDB, 0xDC, 0xDD
FLASH_BEGIN, FLASH_DATA, FLASH_END, MEM_BEGIN, MEM_END, MEM_DATA, SYNC, WRITE_REG, READ_REG = range(2, 11)
SPI_SET_PARAMS, SPI_ATTACH, CHANGE_BAUD, DEFL_BEGIN, DEFL_DATA, DEFL_END, MD5, SECURITY = 0x0B, 0x0D, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14
READ_FLASH = 0xD2
CHIP_ID_S3 = 9
SPI_W0 = 0x60002058  # where the answer of the flash's own commands is read
JEDEC_ID = 0x1740EF  # 8 MiB
ERASE_BYTES = 4096
REJECTED = b"\x01\x05"


class LoaderChip:
    """A chip at the pty `link`, a path that exists while its cable is plugged in. flash: its content."""

    def __init__(self, link, flash_bytes=8 << 20, chip_id=CHIP_ID_S3, jedec_id=JEDEC_ID, security=0):
        self.link, self.chip_id, self.jedec_id, self.security = str(link), chip_id, jedec_id, security
        self.flash = bytearray(b"\x00" * flash_bytes)  # whatever was there before
        self.written = 0
        self.pull_at = None
        self.spoil_at = None  # a cell that keeps its value
        self.commands = []
        self._on = True
        self.plug()

    def plug(self):
        """The cable is in: the chip waits in its ROM."""
        self._stub, self._buffer, self._target = False, bytearray(), None
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self._slave = slave
        os.symlink(os.ttyname(slave), self.link)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _unplug(self):
        os.unlink(self.link)
        os.close(self._slave)
        os.close(self._master)

    def close(self):
        """The chip is gone."""
        self._on = False
        self._thread.join()
        if os.path.islink(self.link):
            self._unplug()

    def _serve(self):
        while self._on:
            if not select.select([self._master], [], [], 0.02)[0]:
                continue
            try:
                self._buffer += os.read(self._master, 65536)
            except OSError:
                time.sleep(0.01)
                continue
            for frame in self._frames():
                self._take(frame)
                if self.pull_at is not None and self.written >= self.pull_at:
                    self.pull_at = None
                    self._unplug()
                    return

    def _frames(self):
        while END in self._buffer:
            frame, _, rest = self._buffer.partition(bytes([END]))
            self._buffer = bytearray(rest)
            if frame:
                yield bytes(frame).replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")

    def _send(self, data):
        data = bytes([END]) + data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + bytes([END])
        while data:
            data = data[os.write(self._master, data) :]

    def _answer(self, command, value=0, data=b"", status=b"\x00\x00"):
        data += status if self._stub else status + b"\x00\x00"
        self._send(struct.pack("<BBHI", 1, command, len(data), value) + data)

    def _take(self, frame):
        direction, command, size, checksum = struct.unpack_from("<BBHI", frame)
        data = frame[8:]
        if direction or len(data) != size:
            return
        self.commands.append(command)
        if command in (FLASH_DATA, DEFL_DATA, MEM_DATA):
            length, number = struct.unpack_from("<II", data)
            found = 0xEF
            for byte in data[16:]:
                found ^= byte
            if found != checksum or len(data) != 16 + length:
                return self._answer(command, status=b"\x01\x07")
        handler = {SYNC: self._sync, READ_REG: self._read_register, SECURITY: self._security, MD5: self._md5, MEM_END: self._mem_end,
                   FLASH_BEGIN: self._begin, DEFL_BEGIN: self._begin, FLASH_DATA: self._plain, DEFL_DATA: self._deflated,
                   READ_FLASH: self._read_flash}.get(command)  # fmt: skip
        if handler:
            handler(command, data)
        elif command in (SPI_SET_PARAMS, SPI_ATTACH, CHANGE_BAUD, MEM_BEGIN, MEM_DATA, WRITE_REG, DEFL_END, FLASH_END):
            self._answer(command)
        else:
            self._answer(command, status=REJECTED)

    def _sync(self, command, _data):
        for _ in range(8):
            self._answer(command, 0 if self._stub else 0x20120707)

    def _read_register(self, command, data):
        address = struct.unpack("<I", data)[0]
        self._answer(command, self.jedec_id if address == SPI_W0 else 0)

    def _security(self, command, _data):
        self._answer(command, data=struct.pack("<IB7sII", self.security, 0, bytes(7), self.chip_id, 0))

    def _mem_end(self, command, data):
        self._answer(command)
        if struct.unpack_from("<II", data)[1]:
            self._stub = True
            self._send(b"OHAI")

    def _begin(self, command, data):
        size, _, _, offset = struct.unpack_from("<IIII", data)
        if offset % ERASE_BYTES or offset + size > len(self.flash):
            return self._answer(command, status=b"\x01\x06")
        end = min(-(-(offset + size) // ERASE_BYTES) * ERASE_BYTES, len(self.flash))
        self.flash[offset:end] = b"\xff" * (end - offset)
        self._target, self._inflate = offset, zlib.decompressobj()
        self._answer(command)

    def _plain(self, command, data):
        self._write(data[16:])
        self._answer(command)

    def _deflated(self, command, data):
        self._write(self._inflate.decompress(data[16:]))
        self._answer(command)

    def _write(self, data):
        end = min(self._target + len(data), len(self.flash))
        for at in range(self._target, end):
            self.flash[at] &= data[at - self._target]
        if self.spoil_at is not None and self._target <= self.spoil_at < end:
            self.flash[self.spoil_at] = 0
        self._target = end
        self.written += len(data)

    def _md5(self, command, data):
        address, size = struct.unpack_from("<II", data)
        digest = hashlib.md5(self.flash[address : address + size])
        self._answer(command, data=digest.digest() if self._stub else digest.hexdigest().encode())

    def _read_flash(self, command, data):
        self._answer(command, status=REJECTED)
