"""Runs on MicroPython's unix port: a raw prompt with the paste mode of a board on standard input and output, in the current folder.

`micropython paste_prompt.py MOUNT`: the current folder becomes the file system at MOUNT, `/` as on most boards.
mpremote sends with flow control in that mode: a window of bytes, and the next one when the board asks for it.
"""

import os
import sys

import vfs

RAW, FRIENDLY, INTERRUPT, FINISH, PASTE = 1, 2, 3, 4, 5
WINDOW = 512
read = sys.stdin.buffer.read
write = sys.stdout.buffer.write


def execute(source, names):
    failure = None
    try:
        exec(source, names)
    except Exception as error:
        failure = error
    write(b"\x04")
    if failure is not None:
        sys.print_exception(failure, sys.stdout)
    write(b"\x04>")


def pasted():
    """The source, or None if the line ended."""
    write(b"R\x01" + bytes([WINDOW & 255, WINDOW >> 8]) + b"\x01")
    source, count = bytearray(), 0
    while True:
        byte = read(1)
        if not byte:
            return None
        if byte[0] == FINISH:
            write(b"\x04")
            return bytes(source)
        source.append(byte[0])
        count += 1
        if count == WINDOW:
            count = 0
            write(b"\x01")


def serve():
    try:
        with open("boot.py") as f:  # as a board does at its start
            exec(f.read(), {})
    except OSError:
        pass
    names, raw, typed = {}, False, bytearray()
    while True:
        byte = read(1)
        if not byte:
            return
        code = byte[0]
        if code in (RAW, FRIENDLY, INTERRUPT):
            raw, typed = code == RAW or (raw and code == INTERRUPT), bytearray()
            write(b"raw REPL; CTRL-B to exit\r\n>" if raw else b"\r\n>>> ")
        elif code == PASTE and raw:
            read(2)
            source = pasted()
            if source is None:
                return
            execute(source, names)
        elif code == FINISH and typed:
            write(b"OK")
            execute(bytes(typed), names)
            typed = bytearray()
        elif code == FINISH:
            with open("resets", "a") as f:
                f.write("x")
            names = {}
            write(b"\r\nMPY: soft reboot\r\n" + (b"raw REPL; CTRL-B to exit\r\n>" if raw else b"\r\n>>> "))
        elif raw:
            typed.append(code)


if __name__ == "__main__":
    files = vfs.VfsPosix(os.getcwd())
    vfs.umount("/")
    vfs.mount(files, sys.argv[1])
    os.chdir(sys.argv[1])
    serve()
