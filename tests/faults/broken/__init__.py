"""Servers that break one promise each, so that it is known that the checker notices: see test_checker.py."""
