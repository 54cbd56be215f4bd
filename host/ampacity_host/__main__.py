"""`python -m ampacity_host …` is `ampacity …`."""

from ampacity_host.start import main

main()
