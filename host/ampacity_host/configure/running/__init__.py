"""What keeps `ampacity run` going: the supervisor of the controller's process, its evidence, a folder where the medium refuses."""
