"""Boot: data folder → configuration → role → doors → loops.

    python -m ampacity DATA_DIR          micropython -m ampacity DATA_DIR

The data folder holds `boot.json` (which role, which port), `site.json` (the compiled site, or the
settings of a secondary) and what the controller itself stores. Exit status: 0 stopped, 42 restart
wanted, 75 the folder or a serial device is in use, 78 the configuration cannot be used.
"""

import sys

from ampacity.roles.boot import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
