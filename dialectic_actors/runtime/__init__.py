"""The shells: dispatchers, pykka actors, the log's writer, supervision. The only room that knows
pykka.
"""
