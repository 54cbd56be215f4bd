"""Mutation testing of the trusted core: `make mutants`. Does a behaviour test fail when one piece of the code is wrong?"""
