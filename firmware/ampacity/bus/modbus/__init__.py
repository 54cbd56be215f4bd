"""The protocol alone: PDUs, checksums, RTU and TCP framing. Bytes in, bytes out."""
