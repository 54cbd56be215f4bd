"""What outlives a power cut: a journal of records and small settings, over a door to files.

The door (`files`) has: `read(name) -> bytes | None`, `append(name, data)` (not yet durable), `sync(name)` (all that was
appended to it is durable, and so is its existence), `replace(name, data)` (all or nothing, durable on return),
`list() -> [name]`, `remove(name)` (durable; no error if absent). All raise OSError when the medium refuses; 28 is "full".
"""
