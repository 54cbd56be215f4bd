"""The application image: the compiled modules and `build.json` in one pack, which is the one file of an update bundle.

A bundle of single modules would have more files than a manifest may list, and a controller would hold all their names in its heap.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ampacity_host.build.about import BUILD
from ampacity_host.build.compiler import Module
from ampacity_host.build.pack import made, read
from ampacity_host.build.target import Target

FORMAT = 1


class Unlike(Exception):
    """An image does not hold what was put into it."""


@dataclass(frozen=True)
class Image:
    """modules: as compiled; about: the content of `build.json`; data: the image."""

    modules: list[Module]
    about: dict[str, Any]
    data: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


def image(target: Target, modules: list[Module], version: str) -> Image:
    """The image of these modules, read back. Raises NotPacked, Unlike."""
    about = {"format": FORMAT, "product": "ampacity", "version": version, "board": target.board["name"], "role": target.role}
    text = json.dumps(about, sort_keys=True, separators=(",", ":")).encode()
    files = sorted([(module.path, module.data) for module in modules] + [(BUILD, text)])
    data = made(files)
    if read(data) != files:
        raise Unlike("the image does not hold the files that were put into it")
    return Image(modules, about, data)
