"""Where a video's bytes lie, and what they are.

`open_source` gives a reader over a file or an https URL; `inspect` tells what the
bytes are, in an isolated process (`media.probe`). Neither copies a file: memory and disk stay
constant whatever its size.
"""
