"""What the Temporal Web UI shows of a running workflow, in Markdown."""

from datetime import datetime

from activities.contract.assignments import AssignmentInput, AssignmentRecord
from activities.contract.reauth import ReauthInput, ReauthStand
from domain.states import WaitReason


def status_card(assignment: AssignmentInput, record: AssignmentRecord) -> str:
    """How an assignment stands, what it waits for, what helps."""
    lines = [f"**{record.state}**: {assignment.title} on {assignment.platform}"]
    if record.wait_reason is not None:
        lines.append(f"Waits for **{record.wait_reason}**.")
    if record.wait_until is not None:
        is_limit = record.wait_reason is WaitReason.CONNECTION
        until = record.wait_until.isoformat(timespec="seconds")
        lines.append(f"At most until {until}." if is_limit else f"Next look: {until}.")
    if record.trouble is not None:
        lines.append(f"`{record.trouble.code}`: {record.trouble.sentence}")
        lines.append(f"What helps: {record.trouble.remedy}.")
    if record.platform_url is not None:
        lines.append(record.platform_url)
    lines += [f"Warning `{code}`: {sentence}" for code, sentence in record.warnings.items()]
    return "\n\n".join(lines)


def reauth_card(reauth: ReauthInput, stand: ReauthStand, counted_at: datetime) -> str:
    """Whether a connection needs a person, since when and why, and how much work waits."""
    lines = [f"**{stand.health}**: {reauth.name} on {reauth.platform}"]
    if stand.is_needed:
        why = f"`{stand.reason}`, " if stand.reason else ""
        lines.append(f"{why}since {stand.since.isoformat(timespec='seconds')}.")
        lines.append(
            f"Assignments that wait for it: **{stand.waiting}**, counted at "
            f"{counted_at.isoformat(timespec='seconds')}. Now they are "
            f'`CastlineState = "waiting" AND CastlineConnection = "{reauth.connection_id}"`.'
        )
        lines.append(
            "What helps: the owner of the account authorizes it again, by the link in the notice."
        )
    return "\n\n".join(lines)
