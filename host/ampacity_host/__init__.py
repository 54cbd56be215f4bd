"""The host side of Ampacity: command line, site files, rig, bench CSMS and device models (CPython only)."""
