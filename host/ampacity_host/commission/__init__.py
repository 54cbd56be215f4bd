"""`ampacity commission`: guides an installer through a controller's own commissioning run and writes its report."""
