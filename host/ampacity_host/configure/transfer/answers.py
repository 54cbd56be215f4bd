"""Every answer of a console to `configure`, read strictly: noise on a serial line, or another program there, garbles some."""

import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from ampacity.base.printable import is_digits, printable
from ampacity_host.configure.transfer.interfaces import Unreachable
from ampacity_host.console.link import REFUSED

OFFSET = "offset "
INFO = {"role": str, "bytes": int, "sha256": str, "secrets": list}  # `trial` is null or a text
SETTINGS = {"settings": dict, "secrets": list}
JUDGED = {"count": int, "changes": list, "safety": list, "kept": list, "missing": list, "sha256": str}
NO_TEXT = re.compile("\ufffd")  # what came was not UTF-8


class Garbled(Unreachable):
    """An answer that no controller gives."""

    def __init__(self, line: str, where: str) -> None:
        super().__init__(
            f"the answer to `{' '.join(line.split()[:2])}` at {where} was garbled: noise on the line, or another program uses it; try again"
        )


class Answer:
    """The text that came for a line at that place. Every method raises Garbled."""

    def __init__(self, line: str, where: str, text: str) -> None:
        self.text, self.garbled = text, Garbled(line, where)
        if NO_TEXT.search(text) or any(printable(part) != part for part in text.split("\n")):
            raise self.garbled

    def object(self, fields: Mapping[str, type]) -> dict[str, Any]:
        """An object with at least these fields."""
        try:
            found = json.loads(self.text.replace("\u2192 ", "-> "))  # the console writes arrows
        except ValueError:
            raise self.garbled from None
        if not isinstance(found, dict) or any(not isinstance(found.get(name), kind) for name, kind in fields.items()):
            raise self.garbled
        return found

    def piece(self) -> bytes:
        """Bytes in base64."""
        try:
            return binascii.a2b_base64(self.text.encode(), strict_mode=True)
        except ValueError:
            raise self.garbled from None

    def offset(self) -> int:
        """The byte that is wanted next."""
        number = self.text.removeprefix(OFFSET)
        if not self.text.startswith(OFFSET) or not is_digits(number):
            raise self.garbled
        return int(number)

    def facts(self) -> dict[str, Any]:
        """An object, or a refusal: of any console."""
        return {} if self.text.startswith(REFUSED) else self.object({})
