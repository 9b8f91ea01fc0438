"""Built-in roles, prompts and providers, read through `importlib.resources`. Text only: no code
belongs in here.
"""
