"""Google's words for a consent that ended.

RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6 name the standard ones. Google's
own are from its guide for web servers and its help page "Understand & fix error codes"
(support.google.com/accounts/answer/16668185); the token endpoint's are those of the facts
(YouTube section 1.3).
"""

from collections.abc import Mapping

from domain.explanations import ErrorDetail

WORDS: Mapping[str, ErrorDetail] = {
    "access_denied": ErrorDetail.ACCESS_DENIED,
    "temporarily_unavailable": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "backend_error": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "server_error": ErrorDetail.SERVER_ERROR,
    "internal_failure": ErrorDetail.SERVER_ERROR,
    "invalid_scope": ErrorDetail.INVALID_SCOPE,
    "invalid_request": ErrorDetail.INVALID_REQUEST,
    "unauthorized_client": ErrorDetail.UNAUTHORIZED_CLIENT,
    "unsupported_response_type": ErrorDetail.UNSUPPORTED_RESPONSE_TYPE,
    "unsupported_grant_type": ErrorDetail.UNAUTHORIZED_CLIENT,
    "interaction_required": ErrorDetail.INTERACTION_REQUIRED,
    "consent_required": ErrorDetail.INTERACTION_REQUIRED,
    "login_required": ErrorDetail.LOGIN_REQUIRED,
    "account_selection_required": ErrorDetail.ACCOUNT_SELECTION_REQUIRED,
    # An administrator of a Workspace (for Education) has not allowed the app.
    "admin_policy_enforced": ErrorDetail.ADMIN_POLICY_ENFORCED,
    "access_not_configured": ErrorDetail.ADMIN_POLICY_ENFORCED,
    "org_internal": ErrorDetail.ORG_INTERNAL,
    "disallowed_useragent": ErrorDetail.DISALLOWED_USERAGENT,
    "redirect_uri_mismatch": ErrorDetail.REDIRECT_URI_MISMATCH,
    "invalid_client": ErrorDetail.INVALID_CLIENT,
    "deleted_client": ErrorDetail.DELETED_CLIENT,
    "invalid_grant": ErrorDetail.CODE_REJECTED,
}
