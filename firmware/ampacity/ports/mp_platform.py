"""What the Platform of every MicroPython platform share: TLS, loaded when a site asks for it."""

from ampacity.ports.platform import Platform


class MpPlatform(Platform):
    """Platform with MicroPython's TLS."""

    def client_tls(self, files):
        from ampacity.ports.mp_tls import client

        return client(files)

    def server_tls(self, files):
        from ampacity.ports.mp_tls import TlsServer

        return TlsServer(files)


def secure(plain, made, server_hostname):
    """(reader, writer) of a TLS client over a connected stream."""
    from ampacity.ports.mp_tls import TlsStream

    stream = TlsStream(plain, made, server_hostname, server_hostname=server_hostname)
    return stream, stream
