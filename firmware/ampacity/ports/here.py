"""Which platform is this? The one place that asks."""

import sys


def platform():
    """(Doors class, run function) of the platform that this code runs on."""
    if sys.implementation.name != "micropython":
        from ampacity.ports.linux import LinuxDoors, run

        return LinuxDoors, run
    if sys.platform == "linux":
        from ampacity.ports.unix import UnixDoors, run

        return UnixDoors, run
    import asyncio

    from ampacity.ports.board import BoardDoors

    return BoardDoors, asyncio.run
