"""Which platform is this? The one place that asks."""

import sys

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ports.platform import Platform


def detect_platform() -> "tuple[Callable[[str, dict[str, Any], Any], Platform], Callable[[Any], Any]]":
    """(Platform class, run function) of the platform that this code runs on."""
    if sys.implementation.name != "micropython":
        from ampacity.ports.linux import LinuxPlatform, run

        return LinuxPlatform, run
    if sys.platform == "linux":
        from ampacity.ports.unix import UnixPlatform, run

        return UnixPlatform, run
    import asyncio

    from ampacity.ports.board import BoardPlatform

    return BoardPlatform, asyncio.run
