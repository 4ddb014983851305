"""Reads a video's facts in a process that can do nothing else.

The parser of foreign bytes (libmediainfo) follows references and can be made to loop or to swell.
So it runs in a process of its own that is started by exec, has no file, no network and no other
process within reach, and ends after one file. The parent reads the bytes and sends them.

    signatures   which files are parsed at all
    protocol     the frames between parent and child
    isolation    what the kernel takes away from the child
    child        the program of the child
    process      one child, seen from the parent, with its bounds
    pool         children, some of them started ahead
"""
