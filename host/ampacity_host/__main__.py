"""`python -m ampacity_host …` is `ampacity …`."""

from ampacity_host.cli import main

main()
