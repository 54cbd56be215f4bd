"""The installer's line console: the same commands over a local socket, a serial line or standard input."""
