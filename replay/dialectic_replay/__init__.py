"""What the events of a run mean: its state, transcript, spend, timeline and state document. Pure;
nothing is decided.
"""
