"""TLS contexts on CPython: TLS 1.2 or newer, suites with forward secrecy, the peer's certificate always checked."""

import asyncio
import os
import select
import ssl
import time

from ampacity.base.errors import Rejected
from ampacity.ports import tls_handshakes as handshakes
from ampacity.ports.tls_credentials import NO_1_3, SUITES, TLS_1_3, check_names
from ampacity.ports.tls_errors import tls_error
from ampacity.ports.tls_handshakes import HANDSHAKE_S

if False:  # for the type checker
    from asyncio import StreamReader, StreamWriter

    from ampacity.ports.interfaces import Handler, Refused, Serving
    from ampacity.ports.tls_credentials import TlsCredentials

SHAKING_MAX = 8  # handshakes at once
SHAKING_MS = 2000  # a longer handshake is ended when another client sends data
LOOK_S = 0.02


class Context(ssl.SSLContext):
    """wildcards: may a server's certificate name all hosts of a domain?"""

    wildcards = True


def context(files: "TlsCredentials", server_side: bool) -> "Context":
    """An SSLContext of TlsCredentials. Rejected: material that the library refuses."""
    made = Context(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    if files.tls_min == TLS_1_3 and not ssl.HAS_TLSv1_3:
        raise Rejected("tls_min", TLS_1_3, NO_1_3)
    made.minimum_version = ssl.TLSVersion.TLSv1_3 if files.tls_min == TLS_1_3 else ssl.TLSVersion.TLSv1_2
    made.set_ciphers(":".join(SUITES))
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a root may be signed by the one that it replaced; Mbed TLS trusts such a one, too
    made.wildcards = files.wildcards
    try:
        made.load_verify_locations(cadata=b"".join(files.roots))
    except (ssl.SSLError, ValueError) as error:
        raise Rejected("root_pem", str(error), "root certificates")
    if files.key is not None:
        _load_own(made, files)
    return made


def _load_own(made: "ssl.SSLContext", files: "TlsCredentials") -> None:
    """The library reads certificate and key from a path only: one in memory, which no disk ever sees."""
    held = os.memfd_create("tls")
    try:
        with open(held, "wb", closefd=False) as memory:
            memory.write(("%s\n%s" % (files.key_pem, files.chain_pem)).encode())
        made.load_cert_chain("/proc/self/fd/%d" % held)
    except ssl.SSLError as error:
        raise Rejected("key_pem", error.reason or "unreadable", "the private key that belongs to certificate_pem")
    finally:
        os.close(held)


def check_server(writer: "StreamWriter", made: "Context", peer: str) -> None:
    """Once the library has accepted it: OSError in our words if the names in its certificate are not for us."""
    try:
        check_names(writer.get_extra_info("ssl_object").getpeercert(True), made.wildcards)
    except ValueError as error:
        raise as_tls_error(error, peer)


def as_tls_error(error: "Exception", peer: str) -> "OSError":
    """The OSError with our text for an error of the library."""
    if isinstance(error, ssl.SSLCertVerificationError):
        error = OSError(error.verify_message)
    return tls_error(error, peer, time.strftime("%Y-%m-%d"))


async def accept(writer: "StreamWriter", made: "ssl.SSLContext", peer: str) -> None:
    """The handshake of an incoming connection. OSError in our words if it does not succeed."""
    plain = writer.transport
    try:
        await writer.start_tls(made, ssl_handshake_timeout=HANDSHAKE_S)
    except OSError as error:  # also ssl.SSLError and a timeout
        raise as_tls_error(error, peer)
    except AttributeError:  # so the library ends a handshake whose connection was lost: its writer has none then
        writer._transport = plain  # type: ignore[attr-defined]
        raise OSError("tls: %s ended during the handshake" % peer)


async def spoken(writer: "StreamWriter") -> None:
    """Wait until it has sent a byte, which the library will read, or ended."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    poller = select.poll()
    poller.register(writer.get_extra_info("socket"), select.POLLIN)
    while not writer.is_closing() and not poller.poll(0):
        await asyncio.sleep(LOOK_S)


def serving(platform: "Serving", made: "ssl.SSLContext", handler: "Handler", refused: "Refused") -> "Handler":
    """The handler of plain connections that secures each before `await handler(reader, writer)`. refused(text): one was not."""

    async def secured(reader: "StreamReader", writer: "StreamWriter") -> "tuple[StreamReader, StreamWriter]":
        await accept(writer, made, "a client at %s" % platform.peer_host(writer))
        return reader, writer

    return handshakes.serving(platform, (spoken, secured), (SHAKING_MAX, SHAKING_MS), handler, refused)
