"""A folder with keys: `roots/` and `signing/` with a private and a public file for each key, and the signed list `keys.cose`.

Private files are readable for their owner alone from their first byte on, are refused when others can read them, and are never shown.
A root key may be kept elsewhere: the folder then has its public file alone, and lists are signed where the private one is.
"""

import os
import re
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ampacity_host.update.cose import key_id, raw_public
from ampacity_host.update.key_list import KINDS, Key, KeyList, verify_list
from ampacity_host.update.refused import Refused

ROOTS, SIGNING, LIST = "roots", "signing", "keys.cose"
PRIVATE, PUBLIC = ".key", ".pub"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
ROOTS_MAX = 2


class KeyFolder:
    """The keys of one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def roots(self) -> dict[str, bytes]:
        """Name → public key of 64 bytes of each root key. Raises Refused for a file that holds none."""
        return {file.stem: self._public(file) for file in sorted((self.path / ROOTS).glob("*" + PUBLIC))}

    def keys(self) -> KeyList:
        """The signed list, verified; an empty one where there is none yet. Raises Refused."""
        file = self.path / LIST
        return verify_list(file.read_bytes(), list(self.roots().values())) if file.is_file() else KeyList()

    def new_root(self, name: str) -> bytes:
        """A new root key; its public part. Raises Refused."""
        if len(self.roots()) >= ROOTS_MAX:
            raise Refused("root", f"{self.path} has {ROOTS_MAX} root keys; a controller holds no more")
        made = self._made(ROOTS, name)
        self._store(ROOTS, name, made)
        return raw_public(made.public_key())

    def new_key(self, name: str, kinds: list[str], signed_by: str | None) -> KeyList:
        """A new signing key, in a new list. Raises Refused."""
        keys = self.keys()
        if name in [key.name for key in keys.keys]:
            raise Refused("name", f"there is a key {name}")
        root = self._root(keys, signed_by)
        made = self._made(SIGNING, name)
        longer = keys.with_key(Key(raw_public(made.public_key()), sum(KINDS[kind] for kind in kinds), name))
        self._store(SIGNING, name, made)
        return self._keep(longer, root)

    def revoke(self, word: str, signed_by: str | None) -> KeyList:
        """A new list in which a key, by its name or id, is revoked. Raises Refused."""
        keys = self.keys()
        named = {key.name: key.kid for key in keys.keys} | {name: key_id(public) for name, public in self.roots().items()}
        kid = named.get(word)
        if kid is None and re.fullmatch(r"[0-9a-f]{16}", word):
            kid = bytes.fromhex(word)
        if kid is None:
            raise Refused("key", f"{word} is neither a name of {', '.join(sorted(named)) or 'none'} nor a key id of 16 hexadecimal digits")
        if kid in keys.revoked:
            raise Refused("key", f"{word} is revoked already")
        return self._keep(keys.without(kid), self._root(keys, signed_by, kid))

    def signing_key(self, name: str) -> ec.EllipticCurvePrivateKey:
        """The private key with this name. Raises Refused."""
        return self._private(self._file(SIGNING, name, PRIVATE))

    def holds_private(self, role: str, name: str) -> bool:
        """Is the private file of that key here?"""
        return self._file(role, name, PRIVATE).is_file()

    def _root(self, keys: KeyList, name: str | None, but: bytes = b"") -> ec.EllipticCurvePrivateKey:
        """A root key that may sign and is here."""
        usable = [each for each, public in self.roots().items() if key_id(public) not in (*keys.revoked, but) and self.holds_private(ROOTS, each)]
        if name is not None and name not in usable:
            raise Refused("root", f"{name} is no root key that may sign and whose private file is in {self.path / ROOTS}")
        if not usable:
            raise Refused("root", f"no private root key in {self.path / ROOTS} may sign this list; make one: ampacity bundle key new NAME --root")
        return self._private(self._file(ROOTS, name or usable[0], PRIVATE))

    def _keep(self, keys: KeyList, root: ec.EllipticCurvePrivateKey) -> KeyList:
        data = keys.signed(root)
        verify_list(data, list(self.roots().values()))
        beside = self.path / (LIST + ".new")
        beside.write_bytes(data)
        beside.replace(self.path / LIST)
        return keys

    def _file(self, role: str, name: str, ending: str) -> Path:
        if not NAME.fullmatch(name):
            raise Refused("name", f"{name!r} is not allowed; use 1 to 32 letters, digits, . _ -")
        return self.path / role / (name + ending)

    def _made(self, role: str, name: str) -> ec.EllipticCurvePrivateKey:
        """A new key pair for a name that is free."""
        for ending in (PRIVATE, PUBLIC):
            if self._file(role, name, ending).exists():
                raise Refused("name", f"{self._file(role, name, ending)} exists")
        return ec.generate_private_key(ec.SECP256R1())

    def _store(self, role: str, name: str, made: ec.EllipticCurvePrivateKey) -> None:
        private_file = self._file(role, name, PRIVATE)
        private_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = os.open(private_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(number, "wb") as file:
            file.write(made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        public = made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._file(role, name, PUBLIC).write_bytes(public)

    def _private(self, file: Path) -> ec.EllipticCurvePrivateKey:
        if not file.is_file():
            raise Refused("key", f"there is no private key {file}")
        if os.name == "posix" and file.stat().st_mode & 0o077:
            raise Refused("key", f"others can read {file}; its mode must be 600")
        try:
            found = serialization.load_pem_private_key(file.read_bytes(), None)
        except (ValueError, TypeError):
            raise Refused("key", f"{file} holds no private key in PEM without a password") from None
        if not isinstance(found, ec.EllipticCurvePrivateKey) or not isinstance(found.curve, ec.SECP256R1):
            raise Refused("key", f"{file} is no key of P-256")
        return found

    def _public(self, file: Path) -> bytes:
        try:
            found = serialization.load_pem_public_key(file.read_bytes())
        except ValueError:
            raise Refused("key", f"{file} holds no public key in PEM") from None
        if not isinstance(found, ec.EllipticCurvePublicKey) or not isinstance(found.curve, ec.SECP256R1):
            raise Refused("key", f"{file} is no key of P-256")
        return raw_public(found)
