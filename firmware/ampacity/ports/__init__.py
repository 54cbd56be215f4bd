"""Ports: the only place that knows hardware and operating systems, behind one small set of doors."""
