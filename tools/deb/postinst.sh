#!/bin/sh
set -e
if [ "$1" = configure ]; then
    adduser --system --quiet --group --no-create-home --home /var/lib/ampacity --gecos "Ampacity controller" ampacity
    adduser --quiet ampacity dialout
    chown root:ampacity /etc/ampacity
    chmod 0750 /etc/ampacity
    py3compile -p ampacity /usr/lib/ampacity
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        if systemctl --quiet is-enabled ampacity.service; then
            deb-systemd-invoke start ampacity.service
        fi
    fi
fi
