"""Every error of Meta's that the facts give a class, as `code` or `code/subcode`."""

WAITS: dict[str, tuple[str, int | None]] = {
    "1": ("platform_error", None),
    "2": ("platform_error", None),
    "389": ("file_unreachable", 2),
    "390": ("upload_failed", 2),
    "6000": ("file_unusable", 3),
    "6001": ("upload_interrupted", None),
    "1363037": ("offset_corrected", None),
    "1363019": ("upload_interrupted", None),
    "1363021": ("upload_interrupted", None),
    # Marked as transient by Meta, which says less than its number.
    "1363030": ("upload_interrupted", None),
    "1363033": ("upload_interrupted", None),
    "1363041": ("upload_interrupted", None),
    "1363011": ("finish_interrupted", None),
    "1363047": ("platform_error", None),
    "1609010": ("platform_error", None),
}
"""RETRY: our code, and after how many times in a row it counts as refused."""

THROTTLES = [
    *("4", "17", "32", "341", "613", "613/1996"),
    *("80000", "80001", "80002", "80003", "80004", "80005", "80006", "80008", "80009", "80014"),
]
"""THROTTLE with usage headers: they say until when."""

COOLDOWNS = {
    "4/2207051": "temporarily_blocked",
    "368": "temporarily_blocked",
    "368/1390008": "posting_too_fast",
}
"""THROTTLE without a time of Meta's: an hour."""

PERSONS = {
    "10": "scope_missing",
    "102": "session_invalid",
    "190": "token_invalid",
    "190/456": "token_invalid",
    "190/457": "token_invalid",
    "190/458": "app_removed",
    "190/459": "checkpoint",
    "190/460": "password_changed",
    "190/461": "token_invalid",
    "190/462": "token_invalid",
    "190/463": "token_expired",
    "190/464": "account_unconfirmed",
    "190/465": "token_invalid",
    "190/466": "token_invalid",
    "190/467": "session_invalid",
    "190/468": "token_invalid",
    "190/490": "security_check",
    "190/492": "role_lost",
    "200": "scope_missing",
    "210": "scope_missing",
    "299": "scope_missing",
    "368/1404006": "security_check",
    "368/1404078": "publishing_authorization",
    "368/1404112": "security_check",
    "368/4854002": "identity_check",
    "1363042": "scope_missing",
}
"""REAUTH, SCOPE and BLOCK: a person has to do something, then connect again."""

REFUSALS = {
    "12": "not_supported",
    "100": "invalid_parameter",
    "100/33": "not_found",
    "100/36007": "code_rejected",
    "100/36009": "code_rejected",
    "351": "file_unusable",
    "352": "format_unsupported",
    "353": "file_missing",
    "368/1346003": "content_abusive",
    "368/1404082": "content_repeated",
    "368/1404102": "content_standards",
    "382": "file_too_small",
    "506": "content_duplicate",
    "803": "not_found",
    "1609005": "link_unreadable",
    "1363022": "file_too_small",
    "1363023": "file_too_large",
    "1363040": "aspect_unsupported",
    "1363127": "resolution_unsupported",
    "1363128": "duration_unsupported",
    "1363129": "frame_rate_unsupported",
}
"""PERM."""

OPERATORS = {
    "3": "capability_missing",
    "100/36008": "redirect_uri_rejected",
    "101": "app_rejected",
    "104": "proof_missing",
    "191": "redirect_uri_rejected",
    "2500": "proof_missing",
    "2635": "version_unsupported",
}
"""CFG."""
