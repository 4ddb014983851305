"""Google and Meta over real HTTP, on your own machine.

The emulator answers as the platforms do, to any client that can be given another
address, so that an integration can be tried without credentials, without quota and
without publishing anything. It keeps counts and hashes of what it receives, and bytes
only of unfinished uploads and only beside a state file; it has a clock that can be moved
and faults that can be ordered.

`server` puts everything on one origin; `world` is all that is remembered; `calls` is
the seam between a route, the faults and a platform; `controls` is the part under
`/_emulator/` that belongs to us and not to a platform; `unserved` answers everything
else. Each platform is a package of its own (`google`, `meta`) that satisfies
`world.Platform`.
"""
