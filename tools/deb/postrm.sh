#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
if [ "$1" = purge ]; then
    rm -rf /var/lib/ampacity /etc/ampacity
    rm -f /etc/systemd/system/multi-user.target.wants/ampacity.service
fi
