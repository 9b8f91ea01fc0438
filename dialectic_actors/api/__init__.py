"""The library's surface: debates, runs and stores. Each command of the command line is a thin call
of it.
"""
