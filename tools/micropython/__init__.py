"""Getting and finding MicroPython runtimes."""
