"""Words and rules of Castline: ids, states, errors, secrets.

Standard library only and no I/O, so that every other package, the sandbox of a
workflow included, may import it. Nothing here knows a platform, a table or HTTP.
"""
