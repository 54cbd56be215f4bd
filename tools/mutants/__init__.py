"""Mutation testing of the trusted core: `make mutants`. Does a test of behaviour fail when one piece of the code is wrong?"""
