"""What the Temporal Web UI shows of a running assignment, in Markdown."""

from activities.contract.assignments import AssignmentInput, AssignmentRecord


def status_card(assignment: AssignmentInput, record: AssignmentRecord) -> str:
    """How it stands, what it waits for, what helps."""
    lines = [f"**{record.state}**: {assignment.title} on {assignment.platform}"]
    if record.wait_reason is not None:
        lines.append(f"Waits for **{record.wait_reason}**.")
    if record.wait_until is not None:
        lines.append(f"Next look: {record.wait_until.isoformat(timespec='seconds')}.")
    if record.trouble is not None:
        lines.append(f"`{record.trouble.code}`: {record.trouble.sentence}")
        lines.append(f"What helps: {record.trouble.remedy}.")
    if record.platform_url is not None:
        lines.append(record.platform_url)
    lines += [f"Warning `{code}`: {sentence}" for code, sentence in record.warnings.items()]
    return "\n\n".join(lines)
