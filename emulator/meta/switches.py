"""What can be chosen about Meta, mostly where its real behaviour is not established."""

from dataclasses import dataclass

from emulator.switches import switch


@dataclass(slots=True)
class Switches:
    """The choices, with what is most probable as the default."""

    login_code_seconds: int = switch(
        600, "How long a code of the dialog lives; its real lifetime is minutes."
    )
    short_token_seconds: int = switch(3600, "How long the token of a code lives: one to two hours.")
    long_token_seconds: int = switch(5_183_944, "How long an extended token lives: about 60 days.")
    data_access_seconds: int = switch(
        90 * 86400, "How long after a person's last consent their data may be read."
    )
    refuse_lapsed_data_access: bool = switch(
        False, "Tokens are refused with 190 when that time is over; reports contradict each other."
    )
    basic_authentication: bool = switch(
        True,
        "The token endpoint accepts the app's credentials in a Basic Authorization header.",
    )
    app_made_before_v27: bool = switch(
        False,
        "Apps count as created before 2026-11-04: `ids`, `method` and field aliases work.",
    )
    require_appsecret_proof: bool = switch(
        False, "Calls with a token need `appsecret_proof`, as an app can be set to demand."
    )
    callback_fragment: bool = switch(
        True, "The address the browser is sent back to ends in `#_=_`."
    )
    range_bytes: int = switch(
        4 * 1024 * 1024, "How large a range of a chunked upload the server asks for."
    )
    page_processing_seconds: float = switch(
        1.0, "How long a finished video is processed before it is ready; 0 is at once."
    )
    processing_before_finish: bool = switch(
        False,
        "An upload is `processing` when it is whole, before its finish, as Meta's samples show.",
    )
    documented_spelling: bool = switch(
        False, "The status object is spelt as in the documentation, not as on the wire."
    )
    most_video_bytes: int = switch(
        10 * 1024**3, "How large a video may be; older pages say 10 GB, the newest nothing."
    )
    reels_per_day: int = switch(30, "Reels that a Page may publish in 24 hours.")
    app_calls_per_hour: int = switch(
        200_000, "Calls of one app in an hour before its usage is full."
    )
    page_calls_per_day: int = switch(
        100_000, "Calls for one Page in a day before its usage is full."
    )
