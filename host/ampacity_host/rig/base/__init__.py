"""What both clocks of the rig share: the bench, time, hosts of simulated devices, leases, the CSMS side, cascades of primaries."""
