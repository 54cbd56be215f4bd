"""What every rule is given: one variant of a board, its chip, its pins."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ampacity_host.board.chip import Chip
from ampacity_host.board.findings import Board
from ampacity_host.board.uses import Use, uses

Found = Iterator[tuple[str, str, str]]  # rule, field, text


@dataclass(frozen=True)
class Place:
    """A board under check."""

    board: Board
    chip: Chip
    uses: list[Use]

    @property
    def pilot(self) -> dict[str, Any]:
        """The table `pilot`."""
        return dict(self.board["pilot"])

    @property
    def local(self) -> bool:
        """Does this board make the pilot itself?"""
        return bool(self.board["pilot"]["kind"] == "local")

    def at(self, field: str) -> Use | None:
        """The pin in a field, if there is one."""
        return next((use for use in self.uses if use.field == field), None)


def place_of(board: Board, chips_folder: Path | None = None) -> Place:
    """chips_folder: see chip_facts. Raises Rejected for a chip that is not known."""
    return Place(board, Chip(board, chips_folder), uses(board))
