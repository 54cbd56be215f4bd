"""Is a person at the controller? A button or a jumper that boot.json names says so: `"presence": "gpio:4"`, closed (high) while they commit.

Decision 21 has the rule; a serial console says the same without an input.
"""

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.base.log import Log
    from ampacity.roles.interfaces import RolePlatform


def presence_input(platform: "RolePlatform", log: "Log", now_ms: int) -> "Callable[[], bool]":
    """A function that reads it; always False without an input, or where it cannot be read."""
    name = platform.boot.get("presence")
    read = platform.input(name) if name else None
    if name and read is None:
        log.add("error", "presence: %s is no input of this controller" % name, now_ms)

    def present() -> bool:
        try:
            return read is not None and bool(read())
        except OSError:
            return False

    return present
