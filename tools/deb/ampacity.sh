#!/bin/sh
# The program of the package: Debian's Python with the modules of /usr/lib/ampacity, and none of a user or of the current folder.
PYTHONPATH=/usr/lib/ampacity
PYTHONSAFEPATH=1
PYTHONNOUSERSITE=1
export PYTHONPATH PYTHONSAFEPATH PYTHONNOUSERSITE
exec /usr/bin/python3 -m ampacity_host "$@"
