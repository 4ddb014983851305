"""The platforms behind one protocol: an adapter each, a registry, the transfer engine.

The core speaks `protocol.Platform` and the words of `domain`; whatever is particular
to YouTube or Facebook, its limits, error codes and wire format, stays in its folder.
"""
