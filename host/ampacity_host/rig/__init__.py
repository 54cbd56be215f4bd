"""The whole site on one computer: plant, bus, devices, controllers, and a control channel to operate them."""
