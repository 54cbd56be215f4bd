"""`ampacity commission`: guides an installer through a controller's own commissioning run and puts it on paper."""
