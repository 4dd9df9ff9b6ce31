"""
What must hold of whatever bytes come, tried with inputs that atheris makes up: `make fuzz`.

`targets` says what is tried. The inputs that found something once, or brought the search further, are
in `corpus`; tests/test_fuzz.py tries them again without atheris.
"""
