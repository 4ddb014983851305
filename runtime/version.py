"""The version of Castline: what the metadata of its installation say."""

from importlib import metadata

VERSION = metadata.version("castline")
