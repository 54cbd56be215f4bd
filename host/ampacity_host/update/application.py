"""The content of an application bundle: could a controller start it? A signature says who made it, not what it is."""

import io
import zipfile

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.board.command import chosen
from ampacity_host.build.about import NAME, about
from ampacity_host.configure.running.slots import ARCHIVE
from ampacity_host.update.refused import Refused

STARTED = "ampacity/__main__.py"  # in an archive


def check_application(files: dict[str, bytes], boards: list[str]) -> None:
    """files: name → content of a bundle. Raises Refused with the field `files` or `board`."""
    if list(files) == [NAME]:
        check_image(files[NAME], boards)
    elif list(files) == [ARCHIVE]:
        _check_archive(files[ARCHIVE], boards)
    else:
        found = ", ".join(sorted(files)[:3]) or "nothing"
        raise Refused("files", f"{found}; an application is one file: {NAME} of `ampacity build`, or {ARCHIVE} of `ampacity bundle application`")


def check_image(data: bytes, boards: list[str]) -> None:
    """An image for all of these boards? Raises Refused."""
    try:
        found = about(data)
    except ValueError as problem:
        raise Refused("files", f"{NAME} is no application image: {problem}") from None
    other = [board for board in boards if board != found.get("board")]
    if other:
        raise Refused("board", f"the image was built for {found.get('board')}, not {', '.join(other)}")


def _check_archive(data: bytes, boards: list[str]) -> None:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile as problem:
        raise Refused("files", f"{ARCHIVE} is no archive: {problem}") from None
    if STARTED not in names:
        raise Refused("files", f"{ARCHIVE} holds no {STARTED}")
    other = [board for board in boards if not _may_be_linux(board)]
    if other:
        raise Refused("board", f"{ARCHIVE} runs on Linux, not on {', '.join(other)}; use what `ampacity build` makes")


def _may_be_linux(board: str) -> bool:
    """False only for a board that is known here, and is none."""
    try:
        return bool(chosen(board)["port"] == "linux")
    except (Rejected, OSError):
        return True
