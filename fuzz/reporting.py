"""What a run tells: the figures, and a bounded number of findings."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from fuzz.running import Outcome
from fuzz.watching import MIB

MOST_FINDINGS = 40


def show(outcome: Outcome, console: Console) -> None:
    """Print figures and findings."""
    answers = outcome.answers
    table = Table(title=f"{outcome.attacks.total()} attacks", title_justify="left")
    for column in ("attack", "sent", "answers by status", "hung up", "slowest", "median"):
        table.add_column(column, justify="left" if column[0] == "a" else "right")
    for kind, sent in sorted(outcome.attacks.items()):
        statuses = sorted(answers.statuses[kind].items())
        seconds = answers.seconds[kind]
        table.add_row(
            kind,
            str(sent),
            ", ".join(f"{status}: {times}" for status, times in statuses),
            str(answers.hung_up[kind]),
            f"{max(seconds, default=0):.1f} s",
            f"{_quantile(seconds, 0.5):.2f} s",
        )
    console.print(table)
    for path, seconds in outcome.pings.items():
        console.print(
            f"GET {path} of another workspace meanwhile: {len(seconds)} times, "
            f"median {1000 * _quantile(seconds, 0.5):.0f} ms, "
            f"p99 {1000 * _quantile(seconds, 0.99):.0f} ms, "
            f"slowest {1000 * max(seconds, default=0):.0f} ms"
        )
    for name, of in outcome.watch.figures.items():
        console.print(
            f"{name}: {of.first_bytes // MIB} MiB after the warm-up, "
            f"{of.latest_bytes // MIB} MiB at the end, {of.most_bytes // MIB} MiB at most; "
            f"descriptors: {of.first_descriptors} and {of.latest_descriptors}"
        )
    probes = outcome.watch.probes
    console.print(
        f"probes: {probes.at_a_time} at a time, {probes.most_bytes // MIB} MiB and "
        f"{probes.most_cpu_seconds:.1f} s of CPU at most; ended by their bounds: "
        f"{dict(outcome.probes_stopped) or 'none'}"
    )
    for finding in outcome.findings[:MOST_FINDINGS]:
        console.print(f"FOUND {finding}", markup=False, soft_wrap=True)
    if len(outcome.findings) > MOST_FINDINGS:
        console.print(f"and {len(outcome.findings) - MOST_FINDINGS} other findings")


def _quantile(seconds: Sequence[float], share: float) -> float:
    """The value below which that share of them lies; 0 of none. Pure."""
    if not seconds:
        return 0.0
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]
