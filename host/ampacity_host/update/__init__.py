"""`ampacity bundle …`: keys, signing, and a verification of its own.

Nothing here imports the firmware's room `update`: what the firmware verifies with its own integers is verified here with `cryptography` and
`cbor2`, so that each shows the mistakes of the other.
"""
