"""The site on the real clock: controllers in processes of their own, buses on ptys and loopback sockets."""
