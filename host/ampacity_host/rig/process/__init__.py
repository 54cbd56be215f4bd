"""The site on the real clock: controllers in separate processes, buses on ptys and loopback sockets."""
