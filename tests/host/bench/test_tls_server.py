"""The bench's TLS server is one that a client can verify."""

import socket
import ssl

from tools.bench.tls import TlsServer


def test_a_client_that_knows_the_root_and_checks_the_name_gets_a_session():
    server = TlsServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=server.root.read_bytes())
    with socket.create_connection(("127.0.0.1", server.port)) as plain, context.wrap_socket(plain, server_hostname="localhost") as session:
        assert session.version() in ("TLSv1.2", "TLSv1.3")
    server.close()
