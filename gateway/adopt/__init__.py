"""`tidegate-adopt`: an existing application observed, contained and made resilient without a changed line.

It looks instead of guessing: applications are imported, or loaded, by a confined process on a copy (confinement.py).
"""
