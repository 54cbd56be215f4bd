#!/bin/sh
# A running controller loads modules late: it is stopped before they are replaced, and postinst starts it again.
set -e
if [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop ampacity.service
fi
py3clean -p ampacity
