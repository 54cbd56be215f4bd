"""Runs on MicroPython's unix port: a raw prompt on standard input and output, as a board's own, in the current folder.

A soft reset (Ctrl-D at an empty prompt) is answered as a board does and noted in the file `resets`.
"""

import sys

RAW, FRIENDLY, INTERRUPT, FINISH, PASTE = 1, 2, 3, 4, 5
read = sys.stdin.buffer.read
write = sys.stdout.buffer.write


def execute(source, names):
    write(b"OK")
    failure = None
    try:
        exec(source, names)
    except Exception as error:
        failure = error
    write(b"\x04")
    if failure is not None:
        sys.print_exception(failure, sys.stdout)
    write(b"\x04>")


def greet(raw):
    write(b"raw REPL; CTRL-B to exit\r\n>" if raw else b"\r\n>>> ")


def serve():
    names, typed, raw = {}, b"", False
    while True:
        byte = read(1)
        if not byte:
            return
        code = byte[0]
        if code in (RAW, FRIENDLY, INTERRUPT):
            raw = code == RAW or (raw and code == INTERRUPT)
            typed = b""
            greet(raw)
        elif code == PASTE and raw:
            read(2)
            write(b"R\x00")
        elif code == FINISH and typed:
            execute(typed, names)
            typed = b""
        elif code == FINISH:
            with open("resets", "a") as f:
                f.write("x")
            names = {}
            write(b"\r\nMPY: soft reboot\r\n")
            greet(raw)
        elif raw:
            typed += byte


serve()
