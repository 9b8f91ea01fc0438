"""The testing kit: hold protocols, roles, workflows and stores of your own to the laws of this
system.

Importing this costs next to nothing: what a name needs is loaded when it is used.
"""
