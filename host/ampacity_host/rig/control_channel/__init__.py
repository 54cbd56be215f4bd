"""The control channel: server, client, operations and their fields, `ampacity rig do`."""
