"""Behaviors of the actors: a message in, effects out. They do no I/O; `runtime` performs what they
ask for.
"""
