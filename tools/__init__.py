"""Tools that the Makefile and CI call: runtimes, generators, benchmarks, checks."""
