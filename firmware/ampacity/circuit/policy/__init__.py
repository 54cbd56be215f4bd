"""Policy: sharing, queueing and timing. A fault here cannot overload a circuit: it requests orders, the trusted part refuses."""
