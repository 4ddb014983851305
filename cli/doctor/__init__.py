"""`castline doctor`: what is wrong with an installation, and what to do about it.

Each examination looks at one thing and changes nothing. They run at the same time, each with a
deadline. One that has nothing to look at is skipped with the reason; one that fails is a finding
itself, so the command never crashes.
"""

from cli.doctor.examinations import EXAMINATIONS, examine, run_doctor

__all__ = ["EXAMINATIONS", "examine", "run_doctor"]
