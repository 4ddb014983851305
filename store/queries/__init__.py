"""Every question to the database, one module per noun.

Functions take a `Session` first and never commit. `find_` may answer None; `get_` raises
`NotFound`, and with a workspace's id given, what belongs to another workspace is not found
in the same words as what does not exist.
"""
