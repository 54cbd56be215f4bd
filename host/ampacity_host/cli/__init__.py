"""`ampacity …`: the command line. commands.py has every command; each imports its room only when it is called."""

from ampacity_host.cli.commands import app, main

__all__ = ["app", "main"]
