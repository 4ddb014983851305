"""The moving of bytes: a protocol without I/O, and the engine that joins it to a socket."""
