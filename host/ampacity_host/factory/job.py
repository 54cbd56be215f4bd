"""One controller at the factory: identified, tested, key and request made on it, certified, read back. Done again it changes nothing."""

import datetime
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from ampacity_host.board.findings import Board
from ampacity_host.configure.push_pull import NoConnection, Prompt, TransferRefused
from ampacity_host.factory.authority import Authority
from ampacity_host.factory.checks import Check, checks, facts
from ampacity_host.factory.register import FAILED, PASSED, Entry, OtherKey, Register
from ampacity_host.flash.jobs import CableLost, Failed, port_is_there
from ampacity_host.progress import Progress
from ampacity_host.update.refused import Refused

ON_DEVICE = Path(__file__).with_name("on_device.py")
FORMAT = 1
STEPS = 5
IDENTITY, CERTIFICATE, CHAIN = "identity/identity.json", "identity/device.pem", "identity/ca.pem"


@dataclass(frozen=True)
class Line:
    """What all controllers of a run share. operator: for the report; days: validity of a certificate; now: UTC."""

    board: Board
    authority: Authority
    register: Register
    out: Path
    days: int
    operator: str
    now: Callable[[], datetime.datetime]

    def time(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class FactoryJob:
    """name: the serial device. entry: the controller, once it is known."""

    name: str
    line: Line
    entry: Entry | None = field(default=None, init=False)

    def is_there(self) -> bool:
        """Does the device exist?"""
        return port_is_there(self.name)

    def run(self, progress: Progress) -> str:
        """All steps, from the first in each attempt: each finds what the one before it left."""
        try:
            with Prompt(self.name) as prompt:
                return self._made(prompt, lambda step: progress.part(self.name, "factory", step, STEPS))
        except NoConnection as problem:
            raise CableLost(str(problem)) from None
        except (TransferRefused, Refused) as problem:
            with suppress(OSError):
                self._end(FAILED)
            raise Failed(str(problem)) from None
        except (SyntaxError, ValueError) as problem:  # of an answer that is not what was asked for
            raise CableLost(f"{self.name} answers with other text: {problem}") from None
        except OSError as problem:
            raise CableLost(f"the connection to {self.name} broke: {problem.strerror or problem}") from None

    def _made(self, prompt: Prompt, step: Callable[[int], None]) -> str:
        found = facts(prompt)
        if not found["unique_id"]:
            raise Refused("unique id", "the controller has none: is it a microcontroller with MicroPython?")
        step(1)
        with kept():
            entry = self.entry = self.line.register.assign(found["unique_id"].hex(), self.line.board["name"], self.line.time())
        request = self._request(prompt, entry.serial)
        step(2)
        certificate = self._certificate(prompt, request, entry)
        step(3)
        self._identify(prompt, entry, certificate)
        step(4)
        results = checks(self.line.board, found, prompt)
        with kept():
            self._report(entry, found, certificate, results)
        bad = [each for each in results if not each.ok]
        if bad:
            raise Refused(bad[0].name, f"{entry.serial}: {bad[0].found}; use {bad[0].allowed}")
        with kept():
            self._end(PASSED, key_sha256=fingerprint(certificate.public_key()), certificate=f"{certificate.serial_number:x}")
        step(STEPS)
        return f"{entry.serial}: key made on the controller, certificate stored, {len(results)} tests passed"

    def _request(self, prompt: Prompt, serial: str) -> bytes:
        """The certificate request that the controller made and signed."""
        prompt.run("import sys\nsys.path.insert(0, 'boot')")
        prompt.run(ON_DEVICE.read_text(encoding="utf-8"))
        request = prompt.run(f"print(request({serial!r}))\nsys.path.remove('boot')")
        if not isinstance(request, bytes):
            raise Refused("request", "the controller gave no certificate request")
        return request

    def _certificate(self, prompt: Prompt, request: bytes, entry: Entry) -> x509.Certificate:
        """The certificate that the controller has for this key already, or a new one."""
        key = self.line.authority.asked_for(request, entry.serial)
        try:
            self.line.register.check_key(entry, fingerprint(key))
        except OtherKey:
            self.entry = None
            raise
        if prompt.hash_of(CERTIFICATE) is not None:
            try:
                there = x509.load_pem_x509_certificate(prompt.read(CERTIFICATE))
                there.verify_directly_issued_by(self.line.authority.certificate)
                if there.public_key() == key:
                    return there
            except (ValueError, TypeError, InvalidSignature):  # damaged, or of another authority: a new one takes its place
                pass
        return self.line.authority.certify(request, entry.serial, self.line.days, self.line.now())

    def _identify(self, prompt: Prompt, entry: Entry, certificate: x509.Certificate) -> None:
        """The files of the identity, each read back by its digest."""
        board = self.line.board
        identity = {"format": FORMAT, "serial": entry.serial, "board": board["name"], "variant": board["variant"]}
        wanted = {
            IDENTITY: json.dumps(identity, sort_keys=True, separators=(",", ":")).encode(),
            CERTIFICATE: certificate.public_bytes(serialization.Encoding.PEM),
            CHAIN: self.line.authority.pem,
        }
        for name, data in wanted.items():
            if prompt.hash_of(name) != sha256(data).digest():
                prompt.write(name, data)

    def _report(self, entry: Entry, found: dict[str, Any], certificate: x509.Certificate, results: list[Check]) -> None:
        report = {
            "format": FORMAT, "serial": entry.serial, "unique_id": entry.unique_id, "time": self.line.time(), "operator": self.line.operator,
            "board": self.line.board["name"], "variant": self.line.board["variant"], "passed": all(each.ok for each in results),
            "key_sha256": fingerprint(certificate.public_key()), "certificate": f"{certificate.serial_number:x}",
            "interpreter": f"{found['name']} {'.'.join(str(part) for part in found['version'])}", "checks": [vars(each) for each in results],
        }  # fmt: skip
        for folder in ("reports", "certificates"):
            (self.line.out / folder).mkdir(parents=True, exist_ok=True)
        (self.line.out / "reports" / f"{entry.serial}.json").write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        (self.line.out / "certificates" / f"{entry.serial}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _end(self, state: str, **facts: str) -> None:
        if self.entry is not None:
            self.entry = self.line.register.ended(self.entry, state, self.line.time(), **facts)


@contextmanager
def kept() -> Iterator[None]:
    """Writing of files on this computer. Raises Refused where its disk refuses."""
    try:
        yield
    except OSError as problem:
        raise Refused("--out", f"{problem.filename}: {problem.strerror}") from None


def fingerprint(key: Any) -> str:
    """SHA-256 of a public key as a certificate has it."""
    return sha256(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()
