"""What a bundle contains and for which controllers: the signed part of it. docs/updates.md has the same tables.

A bundle is a prefix of 8 bytes (`AMPB`, format, length of the signed manifest), the signed manifest, and the content of its files one
after another in the manifest's order.
"""

from hashlib import sha256

from ampacity.base.errors import Rejected
from ampacity.update.cbor import decode
from ampacity.update.fields import UINT32_MAX, Fields

if False:  # for the type checker
    from typing import Any

    from ampacity.update.cbor import Buffer

MAGIC = b"AMPB"
FORMAT = 2  # 1: an application was a littlefs image, which this boot stage does not mount, as that one mounts no pack
PREFIX_BYTES = 8
MANIFEST_BYTES_MAX = 16384  # with its signature: this much memory one update takes
FILES_MAX = 128
FILE_BYTES_MAX = 0x7FFFFFFF
PATH_MAX, PATH_PARTS_MAX = 100, 6
BOARDS_MAX, CONTROLLERS_MAX = 16, 64
APPLICATION, CONFIGURATION = 1, 2
KINDS = {APPLICATION: "application", CONFIGURATION: "configuration"}
NAMES = {1: "format", 2: "product", 3: "kind", 4: "boards", 5: "version", 6: "sequence", 7: "floor", 8: "files", 9: "controllers"}
PATH_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"


def manifest_bytes(prefix: "Buffer") -> int:
    """Length of the signed manifest, by the first 8 bytes of a bundle. Raises Rejected."""
    if prefix[:4] != MAGIC:
        raise Rejected("bundle", bytes(prefix[:4]).hex(), "a file that begins with %s" % MAGIC.decode())
    if int.from_bytes(prefix[4:6], "big") != FORMAT:
        raise Rejected("bundle, format", int.from_bytes(prefix[4:6], "big"), "format %d" % FORMAT)
    size = int.from_bytes(prefix[6:8], "big")
    if not 0 < size <= MANIFEST_BYTES_MAX:
        raise Rejected("bundle, length of the manifest", size, "1 to %d bytes" % MANIFEST_BYTES_MAX)
    return size


class Manifest:
    """The fields of a manifest.

    product: text; kind: APPLICATION or CONFIGURATION; boards: names of the boards it runs on; version: text for people; sequence: rises with
    each release; floor: lowest sequence that may be installed once this one is confirmed; files: [[path, bytes, SHA-256], …];
    controllers: serial numbers of the only ones that may take it, empty for all.
    """

    def __init__(self, payload: bytes) -> None:
        """Reads a manifest. Raises Rejected, which names the field."""
        fields = Fields(decode(payload, "manifest"), "manifest", NAMES)
        fields.number(1, FORMAT, FORMAT)
        self.product = fields.word(2)
        self.kind = fields.number(3, APPLICATION, CONFIGURATION)
        self.boards = fields.words(4, 1, BOARDS_MAX)
        self.version = fields.word(5)
        self.sequence = fields.number(6, 1, UINT32_MAX)
        self.floor = fields.number(7, 0, self.sequence)
        self.files = _files(fields.entries(8, 1, FILES_MAX))
        self.controllers = fields.words(9, 1 if self.kind == CONFIGURATION else 0, CONTROLLERS_MAX)
        self.size = sum([each[1] for each in self.files])


def _files(found: "list[Any]") -> "list[Any]":
    """The list of files, checked: a path cannot leave its folder, and none is a folder of another."""
    before = ""
    names: "set[str]" = set()
    folders: "set[str]" = set()
    for i in range(len(found)):
        field, entry = "manifest.files[%d]" % i, found[i]
        if not isinstance(entry, list) or len(entry) != 3:
            raise Rejected(field, "another structure", "[path, size, SHA-256]")
        path, size, digest = entry
        if not is_path(path) or path <= before:
            raise Rejected(field + ".path", path, "relative paths of letters, digits, . _ - in ascending order")
        if not isinstance(size, int) or not 0 <= size <= FILE_BYTES_MAX:
            raise Rejected(field + ".size", size, "0 to %d bytes" % FILE_BYTES_MAX)
        if not isinstance(digest, bytes) or len(digest) != 32:
            raise Rejected(field + ".sha256", "another kind", "32 bytes")
        low = path.lower()
        above = [low[:end] for end in range(len(low)) if low[end] == "/"]
        if low in folders or low in names or any([each in names for each in above]):
            raise Rejected(field + ".path", path, "names that differ in more than case, and no file as a folder")
        names.add(low)
        folders.update(above)
        before = path
    return found


def is_path(path: object) -> bool:
    """Is it a relative path of at most 100 characters and 6 parts, none of which is empty or begins with a dot?"""
    if not isinstance(path, str) or len(path) > PATH_MAX:
        return False
    parts = path.split("/")
    return len(parts) <= PATH_PARTS_MAX and all([part and part[0] != "." and all([each in PATH_CHARACTERS for each in part]) for part in parts])


class Device:
    """What a bundle has to fit. product, board, serial: of this controller; slot_bytes: space of one slot."""

    def __init__(self, product: str, board: str, serial: str, slot_bytes: int) -> None:
        self.product = product
        self.board = board
        self.serial = serial
        self.slot_bytes = slot_bytes

    def check(self, manifest: Manifest) -> None:
        """Raises Rejected where the bundle is for another product, board or controller, or is too large."""
        if manifest.product != self.product:
            raise Rejected("product", manifest.product, self.product)
        if self.board not in manifest.boards:
            raise Rejected("board", manifest.boards, "bundles for " + self.board)
        if manifest.controllers and self.serial not in manifest.controllers:
            raise Rejected("controller", manifest.controllers[:4], "bundles for " + self.serial)
        if manifest.size > self.slot_bytes:
            raise Rejected("size", manifest.size, "at most the %d bytes of a slot" % self.slot_bytes)


def content_digest(signed_manifest: "Buffer") -> bytes:
    """What identifies a bundle: SHA-256 of its signed manifest."""
    return sha256(signed_manifest).digest()
