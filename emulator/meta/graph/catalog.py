"""Everything that can go wrong at Meta, as a table.

Every row of facts section 4 and what surrounds it, by code or by code and subcode. Most are
400 and lasting, whatever their name says; a client that reads the status or the message
instead of the numbers is led astray here as it is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What is sent with a code or a subcode."""

    message: str
    status: int = 400
    transient: bool = False
    type: str = "OAuthException"


_SESSION = "Error validating access token: "
_TRY_AGAIN = "There was a problem uploading your video file. Please try again."
_CHECK = "To keep your account safe, complete the security check on Facebook first."

CATALOG: Mapping[str, Row] = {
    "1": Row("An unknown error has occurred.", 500),
    "2": Row("An unexpected error has occurred. Please retry your request later.", 500, True),
    "3": Row("(#3) Application does not have the capability to make this API call."),
    "4": Row("(#4) Application request limit reached", 403),
    "4/2207051": Row("(#4) Application request limit reached", 403),
    "10": Row("(#10) Application does not have permission for this action", 403),
    "12": Row("(#12) This call is deprecated for this object."),
    "17": Row("(#17) User request limit reached"),
    "32": Row("(#32) Page request limit reached"),
    "100": Row("(#100) Invalid parameter"),
    "100/33": Row(
        "Unsupported request. The object does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation.",
        type="GraphMethodException",
    ),
    "100/36007": Row("This authorization code has expired."),
    "100/36008": Row(
        "Error validating verification code. Please make sure your redirect_uri is identical "
        "to the one you used in the OAuth dialog request"
    ),
    "100/36009": Row("This authorization code has been used."),
    "101": Row("Error validating application. Cannot get application info due to a system error."),
    "102": Row("Session key invalid or no longer valid"),
    "104": Row("An access token is required to request this resource."),
    "190": Row("Invalid OAuth access token - Cannot parse access token"),
    "190/456": Row(f"{_SESSION}The session was invalidated explicitly using an API call."),
    "190/457": Row(f"{_SESSION}The session has been invalidated because of its origin."),
    "190/458": Row(f"{_SESSION}The user has not authorized application."),
    "190/459": Row(f"{_SESSION}You cannot access the app till you log in to www.facebook.com."),
    "190/460": Row(
        f"{_SESSION}The session has been invalidated because the user changed their password "
        "or Facebook has changed the session for security reasons."
    ),
    "190/461": Row(f"{_SESSION}The session does not belong to this machine."),
    "190/462": Row(f"{_SESSION}The session has been invalidated for its age."),
    "190/463": Row(f"{_SESSION}Session has expired."),
    "190/464": Row(f"{_SESSION}Sessions for the user are not allowed: not a confirmed user."),
    "190/465": Row(f"{_SESSION}The session is not valid."),
    "190/466": Row(f"{_SESSION}The session was replaced by a newer one."),
    "190/467": Row(f"{_SESSION}This may be because the user logged out or a system error."),
    "190/468": Row(f"{_SESSION}The session was ended."),
    "190/490": Row(f"{_SESSION}The user is enrolled in a blocking, logged-in checkpoint."),
    "190/492": Row(
        f"{_SESSION}The user must be an administrator, editor, or moderator of the page in order "
        "to impersonate it."
    ),
    "191": Row("Given URL is not allowed by the application configuration."),
    "200": Row("(#200) Permissions error", 403),
    "210": Row("(#210) User not visible", 403),
    "341": Row("(#341) Feed action request limit reached"),
    "351": Row("(#351) There was a problem with your video file. Please try again."),
    "352": Row("(#352) The video file you selected is in a format that we don't support."),
    "353": Row("(#353) You must select a video file to upload."),
    "368": Row("The action attempted has been deemed abusive or is otherwise disallowed"),
    "368/1346003": Row("(#368) This content was reported as abusive."),
    "368/1390008": Row("(#368) You are posting too fast. Wait before you try again."),
    "368/1404006": Row(f"(#368) {_CHECK}"),
    "368/1404078": Row("(#368) The Page needs page publishing authorization."),
    "368/1404082": Row("(#368) This content repeats what was posted before."),
    "368/1404102": Row("(#368) This content goes against our Community Standards."),
    "368/1404112": Row(f"(#368) {_CHECK}"),
    "368/4854002": Row("(#368) Confirm your identity to go on."),
    "382": Row("(#382) The video file is too small."),
    "389": Row("(#389) Unable to fetch video file from URL."),
    "390": Row("(#390) There was a problem uploading your video file. Please try again."),
    "506": Row("(#506) Duplicate status message"),
    "613": Row("(#613) Calls to this api have exceeded the rate limit."),
    "613/1996": Row("(#613) The request volume of this app is inconsistent."),
    "803": Row("(#803) Some of the aliases you requested do not exist"),
    "1609005": Row("(#1609005) Error parsing the page for the share preview."),
    "1609010": Row("(#1609010) Service temporarily unavailable", 500, True),
    "2500": Row("An active access token must be used to query information about the current user."),
    "2635": Row("(#2635) You are loopback_request a deprecated version of the API."),
    "6000": Row("There was a problem with your file. Try with another file."),
    "6000/1363022": Row("The video file is too small. It must be at least 1 KB."),
    "6000/1363023": Row("The video file is too large."),
    "6000/1363040": Row("The aspect ratio of this video is not supported."),
    "6000/1363042": Row("You do not have permission to upload a video here."),
    "6000/1363127": Row("The resolution of this video is not supported."),
    "6000/1363128": Row("The duration of this video is not supported."),
    "6000/1363129": Row("The frame rate of this video is not supported."),
    "6001": Row(_TRY_AGAIN),
    "6001/1363011": Row(_TRY_AGAIN),
    "6001/1363019": Row(_TRY_AGAIN),
    "6001/1363021": Row(_TRY_AGAIN),
    "6001/1363033": Row(_TRY_AGAIN),
    "6001/1363037": Row("The start offset of this chunk is not the one expected."),
    "6001/1363041": Row(_TRY_AGAIN),
    "2/1363030": Row("Service temporarily unavailable", 500, True),
    "2/1363047": Row("Service temporarily unavailable", 500, True),
    "80000": Row("(#80000) There have been too many calls from this ad account."),
    "80001": Row(
        "(#80001) There have been too many calls to this Page account. Wait a bit and try again."
    ),
    **{
        str(code): Row(f"(#{code}) There have been too many calls. Wait a bit and try again.")
        for code in (80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014)
    },
}

THROTTLES = frozenset({4, 17, 32, 341, 613}) | frozenset(range(80000, 80015))
"""The codes that say: too many calls, wait."""
