"""Bundles: made from a folder, read, and verified. docs/updates.md describes the format."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from ampacity_host.update.cose import BUNDLE_TYPE, Message, decoded, opened, sign
from ampacity_host.update.key_list import KINDS, NUMBER_MAX, KeyList, is_number, is_word
from ampacity_host.update.refused import Refused

MAGIC, FORMAT, PREFIX_BYTES = b"AMPB", 2, 8
MANIFEST_BYTES_MAX, FILES_MAX, FILE_BYTES_MAX = 16384, 128, 2**31 - 1
BOARDS_MAX, CONTROLLERS_MAX = 16, 64
PATH_MAX, PATH_PARTS_MAX = 100, 6
PATH_CHARACTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
FIELDS = {1: "format", 2: "product", 3: "kind", 4: "boards", 5: "version", 6: "sequence", 7: "floor", 8: "files", 9: "controllers"}


@dataclass(frozen=True)
class Manifest:
    """What a bundle contains and for which controllers."""

    product: str
    kind: str
    boards: list[str]
    version: str
    sequence: int
    floor: int
    files: list[tuple[str, int, bytes]]
    controllers: list[str]

    @property
    def size(self) -> int:
        return sum(size for _, size, _ in self.files)

    def packed(self) -> bytes:
        """The payload that is signed."""
        files = [list(each) for each in self.files]
        values = [FORMAT, self.product, KINDS[self.kind], self.boards, self.version, self.sequence, self.floor, files, self.controllers]
        return cbor2.dumps(dict(zip(FIELDS, values, strict=True)), canonical=True)

    def shown(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        files = [{"path": path, "size": size, "sha256": digest.hex()} for path, size, digest in self.files]
        return vars(self) | {"files": files, "size": self.size}


@dataclass(frozen=True)
class Device:
    """What a bundle has to fit; None: anything."""

    board: str | None = None
    serial: str | None = None
    floor: int = 0
    product: str | None = None

    def check(self, manifest: Manifest) -> None:
        """Raises Refused where the bundle is for another controller or below the floor."""
        if self.product is not None and manifest.product != self.product:
            raise Refused("product", f"the bundle is for {manifest.product}, not {self.product}")
        if self.board is not None and self.board not in manifest.boards:
            raise Refused("board", f"the bundle is for {', '.join(manifest.boards)}, not {self.board}")
        if self.serial is not None and manifest.controllers and self.serial not in manifest.controllers:
            raise Refused("controller", f"the bundle is for {', '.join(manifest.controllers)}, not {self.serial}")
        if manifest.sequence < self.floor:
            raise Refused("sequence", f"{manifest.sequence} is a downgrade; {self.floor} or higher is permitted")


def read_manifest(payload: bytes) -> Manifest:
    """The manifest of a payload, every field checked. Raises Refused."""
    fields = decoded(payload, "manifest")
    if not isinstance(fields, dict) or set(fields) != set(FIELDS) or not all(type(key) is int for key in fields):
        raise Refused("manifest", "must hold the fields 1 to 9 and nothing else")
    kinds = {number: name for name, number in KINDS.items()}
    kind = fields[3]
    checks = {
        1: is_number(fields[1], FORMAT, FORMAT),
        2: is_word(fields[2]),
        3: type(kind) is int and kind in kinds,
        4: _are_words(fields[4], 1, BOARDS_MAX),
        5: is_word(fields[5]),
        6: is_number(fields[6], 1, NUMBER_MAX),
        7: is_number(fields[6], 1, NUMBER_MAX) and is_number(fields[7], 0, fields[6]),
        8: isinstance(fields[8], list) and 1 <= len(fields[8]) <= FILES_MAX,
        9: _are_words(fields[9], 1 if kind == KINDS["configuration"] else 0, CONTROLLERS_MAX),
    }
    wrong = [FIELDS[number] for number, good in checks.items() if not good]
    if wrong:
        raise Refused(f"manifest.{wrong[0]}", "out of its range; docs/updates.md lists the ranges")
    files = _files(fields[8])
    return Manifest(fields[2], kinds[kind], fields[4], fields[5], fields[6], fields[7], files, fields[9])


def _are_words(value: object, low: int, high: int) -> bool:
    return isinstance(value, list) and low <= len(value) <= high and all(is_word(each) for each in value) and value == sorted(set(value))


def _files(entries: list[Any]) -> list[tuple[str, int, bytes]]:
    found: list[tuple[str, int, bytes]] = []
    for i, entry in enumerate(entries):
        field = f"manifest.files[{i}]"
        if not isinstance(entry, list) or len(entry) != 3:
            raise Refused(field, "must be [path, size, SHA-256]")
        path, size, digest = entry
        if not _is_path(path) or (found and path <= found[-1][0]):
            raise Refused(f"{field}.path", "must be a relative path of letters, digits, . _ -, in ascending order")
        if not is_number(size, 0, FILE_BYTES_MAX) or not isinstance(digest, bytes) or len(digest) != 32:
            raise Refused(field, "must have a size and 32 bytes of SHA-256")
        found.append((path, size, digest))
    lowered = [path.lower() for path, _, _ in found]
    above = {path.rsplit("/", n)[0] for path in lowered for n in range(1, path.count("/") + 1)}
    if len(set(lowered)) != len(lowered) or above & set(lowered):
        raise Refused("manifest.files", "names must differ in more than case, and no file can be a folder of another")
    return found


def _is_path(path: object) -> bool:
    if not isinstance(path, str) or not 0 < len(path) <= PATH_MAX or not set(path) <= PATH_CHARACTERS | {"/"}:
        return False
    parts = path.split("/")
    return len(parts) <= PATH_PARTS_MAX and all(part and not part.startswith(".") for part in parts)


def split(data: bytes) -> tuple[Message, bytes]:
    """The signed manifest, unverified, and the bytes that follow it. Raises Refused."""
    size = int.from_bytes(data[6:PREFIX_BYTES], "big")
    if data[:4] != MAGIC or int.from_bytes(data[4:6], "big") != FORMAT:
        raise Refused("bundle", f"no bundle of format {FORMAT}")
    if not 0 < size <= MANIFEST_BYTES_MAX or len(data) < PREFIX_BYTES + size:
        raise Refused("bundle", "its manifest is cut off or too long")
    return opened(data[PREFIX_BYTES : PREFIX_BYTES + size], BUNDLE_TYPE, "bundle"), data[PREFIX_BYTES + size :]


def verify(data: bytes, keys: KeyList, device: Device) -> Manifest:
    """The manifest of a bundle whose signature, fields and content are right. Raises Refused with the first thing that is not."""
    message, content = split(data)
    key = keys.key(message.kid)
    if not message.is_signed_by(key.public):
        raise Refused("signature", f"key {key.name} did not sign this manifest")
    manifest = read_manifest(message.payload)
    if manifest.kind not in key.kind_names:
        raise Refused("key", f"{key.name} may sign {' and '.join(key.kind_names)}, not {manifest.kind}")
    device.check(manifest)
    if len(content) != manifest.size:
        raise Refused("bundle", f"{len(content)} bytes of files instead of {manifest.size}")
    at = 0
    for path, size, digest in manifest.files:
        if sha256(content[at : at + size]).digest() != digest:
            raise Refused("files", f"{path} is not what was signed")
        at += size
    return manifest


def contents(data: bytes, manifest: Manifest) -> dict[str, bytes]:
    """Path → content of the files of a bundle that was verified."""
    found, at = {}, len(data) - manifest.size
    for path, size, _ in manifest.files:
        found[path] = data[at : at + size]
        at += size
    return found


def files_of(folder: Path) -> list[tuple[str, bytes]]:
    """(path, content) of all files below a folder, in the order of a bundle; those whose name begins with a dot are left out."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return sorted((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths)


def listed(files: Iterable[tuple[str, bytes]]) -> list[tuple[str, int, bytes]]:
    """The entries of a manifest for these files."""
    return [(path, len(content), sha256(content).digest()) for path, content in files]


def pack(manifest: Manifest, files: Iterable[tuple[str, bytes]], private: ec.EllipticCurvePrivateKey) -> bytes:
    """The signed bundle. Raises Refused where the manifest is one that no controller takes."""
    payload = manifest.packed()
    read_manifest(payload)
    signed = sign(payload, private, BUNDLE_TYPE)
    if len(signed) > MANIFEST_BYTES_MAX:
        raise Refused("manifest", f"{len(signed)} bytes with its signature; at most {MANIFEST_BYTES_MAX}")
    return MAGIC + FORMAT.to_bytes(2, "big") + len(signed).to_bytes(2, "big") + signed + b"".join(content for _, content in files)
