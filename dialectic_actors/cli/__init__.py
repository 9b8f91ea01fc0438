"""The command line: stdout carries data only, stderr talk only. A command is a thin call of the
library.
"""
