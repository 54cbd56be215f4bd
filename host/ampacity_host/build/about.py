"""What an application image says about itself. Nothing here needs the compiler."""

import json
from typing import Any

from ampacity_host.build.pack import read

NAME = "application.pack"  # in the folder that `ampacity bundle sign` takes, in a bundle, and in a slot
BUILD = "build.json"  # in the image: what it is
ENTRY = "ampacity/roles/boot.mpy"  # in the image: what the boot stage imports


def about(data: bytes) -> dict[str, Any]:
    """`build.json` of an image. Raises ValueError for what is no application image."""
    files = dict(read(data))
    for name in (BUILD, ENTRY):
        if name not in files:
            raise ValueError(f"an image without {name}")
    found = json.loads(files[BUILD])
    if not isinstance(found, dict):
        raise ValueError(f"{BUILD} is no object")
    return found
