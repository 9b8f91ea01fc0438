"""The simulation: production actors on one thread, in virtual time, under faults, with every
interleaving chosen.
"""
