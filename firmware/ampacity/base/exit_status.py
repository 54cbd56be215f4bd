"""Exit statuses of the controller's process, for what starts it and restarts it."""

EXIT_USAGE = 2
EXIT_RESTART = 42  # asks for a restart at once
EXIT_BUSY = 75  # the data folder or a serial device is in use
EXIT_CONFIG = 78  # the configuration cannot be used
