"""Runs on MicroPython: imports what a controller of one role needs from one place; prints heap bytes, milliseconds, and the number of modules.

Arguments: "littlefs", "romfs" or "frozen"; the image; "primary" or "secondary"; the folder of the boot stage.
"""

import gc
import sys
import time

NEEDED = {"primary": ("boot", "primary", "charging.upstream"), "secondary": ("boot", "secondary")}


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def mount_littlefs(image, stage):
    """As the boot stage does it."""
    sys.path.append(stage)
    import vfs
    from main import ImageBlocks

    vfs.mount(vfs.VfsLfs2(ImageBlocks(image)), "/application", readonly=True)


def mount_romfs(image, _stage):
    """The file has two images; the second one is mounted. They are in memory as on a chip that maps its flash, and do not count."""
    import vfs

    with open(image, "rb") as file:
        data = file.read()
    vfs.mount(vfs.VfsRom(memoryview(data)[len(data) // 2 :]), "/application")


def main(place, image, role, stage):
    asyncio = __import__("asyncio")  # of the interpreter, wherever the modules are
    asyncio.Event, asyncio.open_connection  # noqa: B018 - loaded when first used
    del sys.path[:]
    sys.path.append(".frozen")
    if place != "frozen":
        {"littlefs": mount_littlefs, "romfs": mount_romfs}[place](image, stage)
        sys.path.insert(0, "/application")
    before, start_us = used(), time.ticks_us()
    for name in NEEDED[role]:
        __import__("ampacity.roles." + name)
    spent_us = time.ticks_diff(time.ticks_us(), start_us)
    print(used() - before, spent_us // 1000, len([name for name in sys.modules if name.startswith("ampacity")]))


main(*sys.argv[1:])
