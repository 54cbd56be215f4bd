"""The emulated board: QEMU with the interpreter of `make cortex-m3`. Its UARTs are pseudo-terminals, its flash is a file that outlasts the power."""

import re
import subprocess
import time
from pathlib import Path

from tools.micropython.build_m3 import DEST

UARTS = 4  # 0 is the prompt
FLASH_BYTES = 16 << 20  # the machine's; the file system has half of it (frozen/_boot.py)
START_S = 20
NO_ESCAPE = "256"  # QEMU's multiplexer would take a byte for its own; it hands bytes on without a delay, and is used for that


def there() -> bool:
    """Is it built?"""
    return (DEST / "board.elf").exists() and (DEST / "qemu").exists()


class Board:
    """A context. uart: number → name of the pseudo-terminal; they are others after each `power_on`."""

    def __init__(self, flash: Path) -> None:
        self._flash = flash
        self.uart: "list[str]" = []

    def __enter__(self) -> "Board":
        self.power_on()
        return self

    def __exit__(self, *exc: object) -> None:
        self.power_off()

    def power_on(self) -> None:
        """The core starts. Raises RuntimeError."""
        memory = f"memory-backend-file,id=flash,size={FLASH_BYTES},mem-path={self._flash},share=on"
        command = [str(DEST / "qemu"), "-kernel", str(DEST / "board.elf"), "-machine", "memory-backend=flash", "-object", memory, "-echr", NO_ESCAPE]
        for number in range(UARTS):
            command += ["-chardev", f"pty,id=uart{number},mux=on", "-serial", f"chardev:uart{number}"]
        log = self._flash.with_name(self._flash.name + ".qemu")
        with log.open("w") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        late_s = time.monotonic() + START_S
        while len(found := re.findall(r"redirected to (\S+) \(label uart(\d)", log.read_text())) < UARTS:
            if self._process.poll() is not None or time.monotonic() > late_s:
                self.power_off()
                raise RuntimeError("the emulator does not start: " + log.read_text()[-300:])
            time.sleep(0.02)
        self.uart = [name for name, _ in sorted(found, key=lambda pair: pair[1])]

    def power_off(self) -> None:
        """At once, wherever the program is."""
        self._process.kill()
        self._process.wait()
