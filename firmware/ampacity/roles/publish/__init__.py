"""The published firmware file of a primary: its download, its place in the storage, and the server on the local network."""
