"""Flashing: the interpreter and the file system of a board are written, read back, and continued after a pulled cable."""
