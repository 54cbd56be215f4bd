"""What the Platform of every MicroPython platform share: TLS, loaded when a site asks for it."""

from ampacity.ports.platform import Platform

if False:  # for the type checker
    from typing import Any

    from ampacity.ports.mp_tls import TlsServer, TlsStream
    from ampacity.ports.tls_credentials import TlsCredentials


class MpPlatform(Platform):
    """Platform with MicroPython's TLS."""

    def client_tls(self, files: "TlsCredentials") -> "Any":
        """An SSLContext. Rejected: material that the library refuses."""
        from ampacity.ports.mp_tls import client

        return client(files)

    def server_tls(self, files: "TlsCredentials") -> "TlsServer":
        """What secures each connection of a server. Rejected: material that the library refuses."""
        from ampacity.ports.mp_tls import TlsServer

        return TlsServer(files)


def secure(plain: "Any", made: "Any", server_hostname: "str | None") -> "tuple[TlsStream, TlsStream]":
    """(reader, writer) of a TLS client over a connected stream."""
    from ampacity.ports.mp_tls import TlsStream

    stream = TlsStream(plain, made, server_hostname, server_hostname=server_hostname)
    return stream, stream
