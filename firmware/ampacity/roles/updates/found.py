"""Has this controller two slots? Then its places, else None, or a line in the log that says why not."""

import os

from ampacity.base.errors import Rejected

if False:  # for the type checker
    from ampacity.base.log import Log
    from ampacity.roles.interfaces import RolePlatform
    from ampacity.roles.updates.places import Places

INBOX = "/inbox"
KEYS, BUNDLE = "keys.cose", ".bundle"  # names of a key list, and the end of those of bundles


def root_of(platform: "RolePlatform") -> "str | None":
    """The folder above the slots: `update` of boot.json, or, started by the boot stage, the one above the data folder; None: there is none."""
    root: "str | None" = platform.boot.get("update")
    if root is None and platform.boot.get("slot"):
        root = platform.folder.rpartition("/")[0]
    return root


def inbox_of(platform: "RolePlatform") -> str:
    """The folder in which bundles are looked for: `bundles` of boot.json, or `inbox` next to the slots."""
    return platform.boot.get("bundles") or (root_of(platform) or "") + INBOX


def find_places(platform: "RolePlatform", log: "Log") -> "Places | None":
    """The places of this controller; None: it has no slots, or they cannot be used. A controller runs without them."""
    root = root_of(platform)
    if root is None:
        return None
    from ampacity.roles.updates.places import Places

    try:
        board = getattr(platform, "board", None)
        return Places(root, platform.boot.get("slot") or "", "" if board is None else board["name"])
    except (Rejected, OSError) as error:
        log.add("error", "update: no slots in %s, no update is possible: %s" % (root or "/", error), platform.clock.now_ms())
        return None


def has_bundle(folder: str) -> bool:
    """Is there a bundle or a key list in this folder?"""
    try:
        return bool([name for name in os.listdir(folder) if name.endswith(BUNDLE) or name == KEYS])
    except OSError:
        return False
