"""What the project's Makefile and CI use: runtimes, generators, benchmarks, checks."""
