#!/bin/sh
set -e
# abort-…: a new package was not unpacked, or the old one not removed; prerm had stopped the service
case "$1" in
configure|abort-upgrade|abort-remove|abort-deconfigure)
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
    ;;
esac
