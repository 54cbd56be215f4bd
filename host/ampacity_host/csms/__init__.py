"""The bench CSMS: the other end of the upstream, on the `ocpp` library's messages and schemas and `websockets`' protocol.

Friendly by default (any identity, password and token), exact in what it notes: every frame, every transaction, and each
thing in which the station breaks a schema or a rule of the protocol.
"""
