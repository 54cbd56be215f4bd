"""What the check of a board finds."""

from dataclasses import asdict, dataclass
from typing import Any

Board = dict[str, Any]  # one variant of a board file, valid against the schema, with defaults


@dataclass(frozen=True)
class Finding:
    """One thing to correct. rule: its name, as `[[waive]]` uses it; field: dotted, as `contactor.0.drive`; text: value and allowed range.

    variant: the first that has it, or "" where it concerns the file.
    """

    rule: str
    field: str
    text: str
    variant: str = ""

    def __str__(self) -> str:
        place = f"{self.variant}: {self.field}" if self.variant else self.field
        return f"{place}: {self.text} [{self.rule}]"

    def as_dict(self) -> dict[str, str]:
        return {**asdict(self), "line": str(self)}
