"""The whole site on one desk: plant, bus, devices, controllers, and a control channel to play with them."""
