"""Updates: signed bundles, keys, two slots. Pure: bytes, `now_ms` and two doors in, decisions out.

`cbor` and `p256` know bytes and numbers only; `cose_sign1` joins them to a signed message; `manifest` and `trust` read what such a
message holds; `install` takes a bundle byte by byte into the slot that does not run; `slots` chooses at boot; `trial` confirms or
rolls back. Work that takes long is a task: each `step()` is a short slice, so the safety loop runs in between.
"""
