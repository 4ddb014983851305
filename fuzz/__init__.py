"""`make fuzz`: hostile input against a running installation, for a given time.

`mutations` makes the input, `attacks` sends it, `watching` looks at what it does to the
processes, and the command decides. What it finds is a defect, never a matter of taste.
"""
