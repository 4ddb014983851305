"""The closed list of why a consent ended without a connection, and what each code means.

The codes are the `errorDetail` of tickets, events, log lines, pages and redirects. A code names
what happened, whichever platform said it and at whichever step: the platform's page, the exchange
of the code, the look at the accounts, or Castline itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ConsentRemedy(StrEnum):
    """Who can help."""

    TRY_AGAIN = "try_again"  # the person starts again
    ASK_ADMIN = "ask_admin"  # an administrator of the person's organization or Page acts first
    OPERATOR = "operator"  # the platform app, or Castline's settings for it, are wrong
    NONE = "none"  # nothing is wrong: the person said no


class ErrorDetail(StrEnum):
    # The person.
    ACCESS_DENIED = "access_denied"
    SCOPE_MISSING = "scope_missing"
    WRONG_ACCOUNT = "wrong_account"
    NO_CHANNEL = "no_channel"
    NO_PAGE = "no_page"
    PAGE_NOT_INCLUDED = "page_not_included"
    LOGIN_REQUIRED = "login_required"
    ACCOUNT_SELECTION_REQUIRED = "account_selection_required"
    INTERACTION_REQUIRED = "interaction_required"
    ACCOUNT_CHECK_REQUIRED = "account_check_required"
    DISALLOWED_USERAGENT = "disallowed_useragent"
    # An administrator.
    ADMIN_POLICY_ENFORCED = "admin_policy_enforced"
    NO_CREATE_CONTENT = "no_create_content"
    NO_PAGE_TOKEN = "no_page_token"  # noqa: S105 - a code
    # The platform, for now.
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    SERVER_ERROR = "server_error"
    # The code or the grant.
    CODE_REJECTED = "code_rejected"
    GRANT_ENDED = "grant_ended"
    # The operator's app.
    ORG_INTERNAL = "org_internal"
    APP_NOT_PUBLIC = "app_not_public"
    APP_UNAVAILABLE = "app_unavailable"
    INVALID_SCOPE = "invalid_scope"
    INVALID_REQUEST = "invalid_request"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    REDIRECT_URI_MISMATCH = "redirect_uri_mismatch"
    INVALID_CLIENT = "invalid_client"
    DELETED_CLIENT = "deleted_client"
    APP_MISCONFIGURED = "app_misconfigured"
    PLATFORM_NOT_CONFIGURED = "platform_not_configured"
    # The ticket.
    TICKET_EXPIRED = "ticket_expired"
    TICKET_USED = "ticket_used"
    CONFIRMATION_EXPIRED = "confirmation_expired"
    DISCONNECTED = "disconnected"
    OTHER_BROWSER = "other_browser"
    WRONG_ISSUER = "wrong_issuer"
    # What is in no table.
    CONSENT_FAILED = "consent_failed"
    CONNECT_FAILED = "connect_failed"


@dataclass(frozen=True, slots=True)
class Explanation:
    sentence: str
    """What happened, then what to do, for a person. `{platform}` stands for its name."""
    remedy: ConsentRemedy
    check: str | None = None
    """What the operator looks at. Set for `OPERATOR` alone."""


def _again(sentence: str) -> Explanation:
    return Explanation(sentence, ConsentRemedy.TRY_AGAIN)


def _admin(sentence: str) -> Explanation:
    return Explanation(sentence, ConsentRemedy.ASK_ADMIN)


def _operator(sentence: str, check: str) -> Explanation:
    return Explanation(sentence, ConsentRemedy.OPERATOR, check)


EXPLANATIONS: Mapping[ErrorDetail, Explanation] = {
    ErrorDetail.ACCESS_DENIED: Explanation(
        "The consent was refused, so nothing was connected.", ConsentRemedy.NONE
    ),
    ErrorDetail.SCOPE_MISSING: _again(
        "The consent left out a permission that publishing needs. Start again and leave all boxes "
        "ticked."
    ),
    ErrorDetail.WRONG_ACCOUNT: _again(
        "This was another account than the connection's own. Nothing has changed. Start again with "
        "the account of the connection."
    ),
    ErrorDetail.NO_CHANNEL: _again(
        "This account has no channel to publish to. Create a channel, then start again."
    ),
    ErrorDetail.NO_PAGE: _again(
        "No Page was ticked, or there is none. Create a Page or get a role on one, then start "
        "again and tick it."
    ),
    ErrorDetail.PAGE_NOT_INCLUDED: _again(
        "The consent gives its permissions for other Pages only. Start again and tick this Page, "
        "too."
    ),
    ErrorDetail.LOGIN_REQUIRED: _again(
        "{platform} wanted a login first. Start again and log in when {platform} asks for it."
    ),
    ErrorDetail.ACCOUNT_SELECTION_REQUIRED: _again(
        "{platform} needed to know which account is meant. Start again and choose an account."
    ),
    ErrorDetail.INTERACTION_REQUIRED: _again(
        "{platform} needed an answer that it did not get. Start again and complete every page."
    ),
    ErrorDetail.ACCOUNT_CHECK_REQUIRED: _again(
        "{platform} wants to check the account first. Log in at {platform}, do what it asks for, "
        "then start again."
    ),
    ErrorDetail.DISALLOWED_USERAGENT: _again(
        "{platform} does not show its consent page inside another application. Open the link in a "
        "browser."
    ),
    ErrorDetail.ADMIN_POLICY_ENFORCED: _admin(
        "An administrator of this account's organization does not allow the application. Ask the "
        "administrator to allow it, then start again."
    ),
    ErrorDetail.NO_CREATE_CONTENT: _admin(
        "The person may not create content on this Page. Ask an administrator of the Page to "
        "allow it, then start again."
    ),
    ErrorDetail.NO_PAGE_TOKEN: _admin(
        "{platform} gives no access to this Page, as for one that is reached through a business "
        "portfolio only. Ask an administrator for a role on the Page itself, then start again."
    ),
    ErrorDetail.TEMPORARILY_UNAVAILABLE: _again(
        "{platform} was not available. Start again in a few minutes."
    ),
    ErrorDetail.SERVER_ERROR: _again(
        "{platform} had an error of its own. Start again in a few minutes."
    ),
    ErrorDetail.CODE_REJECTED: _again(
        "{platform} did not accept the code of this consent: it was used before or is too old. "
        "Start again."
    ),
    ErrorDetail.GRANT_ENDED: _again(
        "The consent was given and had ended before it could be used. Start again."
    ),
    ErrorDetail.ORG_INTERNAL: _operator(
        "The application is open to accounts of its own organization only.",
        "The user type of the Google project is Internal: make it External on the page Audience "
        "of the Google Auth Platform, or use accounts of that organization.",
    ),
    ErrorDetail.APP_NOT_PUBLIC: _operator(
        "The application is in development, and this person is not one of its testers.",
        "The Meta app is in development mode: publish it, or give the person a role on it.",
    ),
    ErrorDetail.APP_UNAVAILABLE: _operator(
        "{platform} does not offer a login to this application at present.",
        "Look at the alerts of the Meta app's dashboard: App Review, the data use checkup and the "
        "business verification.",
    ),
    ErrorDetail.INVALID_SCOPE: _operator(
        "{platform} does not let this application ask for the permissions that publishing needs.",
        "Add Castline's scopes to the app (Google: Data Access; Meta: the use case).",
    ),
    ErrorDetail.INVALID_REQUEST: _operator(
        "{platform} did not accept how this application asks for a consent.",
        "Compare the client id, the kind of client (web application) and the redirect URI.",
    ),
    ErrorDetail.UNAUTHORIZED_CLIENT: _operator(
        "{platform} does not let this application ask for a consent in this way.",
        "The OAuth client has to be one for a web application, and Facebook Login be set up.",
    ),
    ErrorDetail.UNSUPPORTED_RESPONSE_TYPE: _operator(
        "{platform} does not let this application ask for a consent in this way.",
        "The OAuth client has to be one for a web application, which may ask for a code.",
    ),
    ErrorDetail.REDIRECT_URI_MISMATCH: _operator(
        "The application's address is not registered at {platform}.",
        "Register the redirect URI that is built from CASTLINE_PUBLIC_URL, exactly as it is, and "
        "its domain among the app's domains.",
    ),
    ErrorDetail.INVALID_CLIENT: _operator(
        "{platform} does not accept this application's credentials.",
        "Compare the app's id and secret in the settings with the developer console.",
    ),
    ErrorDetail.DELETED_CLIENT: _operator(
        "The application was deleted at {platform}.",
        "Restore the OAuth client within 30 days, or make another one and set its id and secret.",
    ),
    ErrorDetail.APP_MISCONFIGURED: _operator(
        "{platform} does not accept this application's settings.",
        "`castline doctor` asks the platform whether it accepts the app's credentials.",
    ),
    ErrorDetail.PLATFORM_NOT_CONFIGURED: _operator(
        "This installation has no access to {platform} at present.",
        "Set the app credentials of the platform, then restart Castline.",
    ),
    ErrorDetail.TICKET_EXPIRED: _again(
        "This link was valid for five minutes and has expired. Start again."
    ),
    ErrorDetail.TICKET_USED: _again(
        "This link has already been used. If the channel is not connected, start again."
    ),
    ErrorDetail.CONFIRMATION_EXPIRED: _again(
        "The application that asked for the consent did not confirm it in time, so it was "
        "removed. Start again."
    ),
    ErrorDetail.DISCONNECTED: _again(
        "This channel was disconnected after the consent was asked for. Nothing has changed. "
        "Start again if it is to be connected."
    ),
    ErrorDetail.OTHER_BROWSER: _again(
        "Another browser opened the consent page. Nothing has changed. Go back to that browser, "
        "or start again."
    ),
    ErrorDetail.WRONG_ISSUER: _again(
        "This answer came from another authorization server than the one that was asked. Nothing "
        "has changed. Go back to the consent page, or start again."
    ),
    ErrorDetail.CONSENT_FAILED: _again(
        "{platform} ended the consent with an error that Castline does not know. Start again."
    ),
    ErrorDetail.CONNECT_FAILED: _again(
        "The consent was given, and Castline could not connect the channel. Start again."
    ),
}
