"""Meta's words for a consent that ended.

A refusal comes as OAuth's `error=access_denied` with `error_reason=user_denied` and
`error_code=200` (facts: Facebook section 1.3). Faults of the dialog itself come as `error_code`
and `error_message` alone. Meta publishes no list of those numbers: the ones here are those that
public code quotes together with Meta's own message. The small ones are Graph API codes (facts:
Facebook sections 1.4 and 4), which the exchange of the code answers with as well.
"""

from collections.abc import Mapping

from domain.explanations import ErrorDetail

WORDS: Mapping[str, ErrorDetail] = {
    "access_denied": ErrorDetail.ACCESS_DENIED,
    "user_denied": ErrorDetail.ACCESS_DENIED,
    "temporarily_unavailable": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "server_error": ErrorDetail.SERVER_ERROR,
    "invalid_scope": ErrorDetail.INVALID_SCOPE,
    "invalid_request": ErrorDetail.INVALID_REQUEST,
    "unauthorized_client": ErrorDetail.UNAUTHORIZED_CLIENT,
    "unsupported_response_type": ErrorDetail.UNSUPPORTED_RESPONSE_TYPE,
    "redirect_uri_mismatch": ErrorDetail.REDIRECT_URI_MISMATCH,
    "login_required": ErrorDetail.LOGIN_REQUIRED,
    "interaction_required": ErrorDetail.INTERACTION_REQUIRED,
    "1": ErrorDetail.SERVER_ERROR,
    "2": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "4": ErrorDetail.TEMPORARILY_UNAVAILABLE,  # call limits, as 17, 32, 341 and 613
    "17": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "32": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "341": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "613": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "10": ErrorDetail.SCOPE_MISSING,
    "200": ErrorDetail.SCOPE_MISSING,  # "Permissions error", without a refusal beside it
    "100": ErrorDetail.INVALID_REQUEST,
    "101": ErrorDetail.INVALID_CLIENT,
    "102": ErrorDetail.LOGIN_REQUIRED,
    "190": ErrorDetail.LOGIN_REQUIRED,
    "191": ErrorDetail.REDIRECT_URI_MISMATCH,
    "901": ErrorDetail.APP_NOT_PUBLIC,  # "This app is in sandbox mode"
    "1349048": ErrorDetail.REDIRECT_URI_MISMATCH,  # "Can't Load URL": not in the app's domains
    "1349168": ErrorDetail.REDIRECT_URI_MISMATCH,  # "URL Blocked"
    "1349126": ErrorDetail.APP_NOT_PUBLIC,  # "App Not Setup": still in development mode
    "1349245": ErrorDetail.APP_NOT_PUBLIC,  # an invitation to test the app was not accepted
    "1349186": ErrorDetail.APP_UNAVAILABLE,  # "Feature Unavailable"
    "1349220": ErrorDetail.APP_UNAVAILABLE,  # "Facebook Login is currently unavailable"
}
