"""Certificates (X.509) on the controller: read, verified, requested; keys behind a door. Pure: bytes in, bytes out, long work in slices.

`certificate` reads one strictly; `signatures` verifies one signature, `file_signature` that of a file; `chain` verifies a chain to a root;
`hash_data` identifies a certificate as OCPP does; `ecdsa_signing` makes key pairs and signatures; `request` writes a PKCS #10 request;
`software_keys` is the key door of a controller without a secure element. A task has `step()`, which does a short slice, so that the safety
loop runs in between.
"""
