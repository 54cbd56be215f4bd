"""Boards as data: read, checked against their chip, shown, drawn. The format is docs/interfaces/board-toml.md."""

from ampacity_host.board.check import check
from ampacity_host.board.findings import Finding
from ampacity_host.board.loader import BoardFile, find, names, read

__all__ = ["BoardFile", "Finding", "check", "find", "names", "read"]
