"""Runs on MicroPython: imports what a controller of one role needs from one place; prints heap bytes, processor time in ms, number of modules.

Arguments: "pack", "littlefs", "romfs" or "frozen"; the image; "primary" or "secondary"; the folder of the boot stage.
"""

import gc
import sys
import time

NEEDED = {"primary": ("primary", "charging.upstream"), "secondary": ("secondary",)}


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def of_pack(image):
    """As the boot stage does it."""
    from main import PackFiles

    return lambda: PackFiles(image)


def of_littlefs(image):
    """As the boot stage did it before packs."""
    import vfs
    from image_blocks import ImageBlocks

    return lambda: vfs.VfsLfs2(ImageBlocks(image))


def of_romfs(image):
    """The file has two images; the second one is mounted. They are in memory as on a chip that maps its flash, and do not count."""
    import vfs

    with open(image, "rb") as file:
        data = file.read()
    return lambda: vfs.VfsRom(memoryview(data)[len(data) // 2 :])


def main(place, image, role, stage):
    asyncio = __import__("asyncio")  # of the interpreter, wherever the modules are
    asyncio.Event, asyncio.open_connection  # noqa: B018 - loaded when first used
    if place != "frozen":
        sys.path.append(stage)
        __import__("main")  # the boot stage itself
    files = {"pack": of_pack, "littlefs": of_littlefs, "romfs": of_romfs, "frozen": lambda image: None}[place](image)
    del sys.path[:]
    sys.path.append(".frozen")
    before, start_s = used(), time.clock()
    if place != "frozen":
        __import__("vfs").mount(files(), "/application", readonly=True)
        sys.path.insert(0, "/application")
    from ampacity.roles import boot

    boot.collect_each(boot.COLLECT_BYTES)  # as `boot.main` does before it imports the role
    for name in NEEDED[role]:
        __import__("ampacity.roles." + name)
    spent_s = time.clock() - start_s
    print(used() - before, round(1000 * spent_s), len([name for name in sys.modules if name.startswith("ampacity")]))


main(*sys.argv[1:])
