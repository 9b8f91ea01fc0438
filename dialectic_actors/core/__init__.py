"""What comes next: pure decisions over the fold. No clock, random source, thread, file, network or
actor in here.
"""
