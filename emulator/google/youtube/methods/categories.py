"""`videoCategories.list`.

The list is the one YouTube gives for the United States, for every region and in English; those
that are not assignable are of films and shows.
"""

from typing import Any

from emulator.google.api.calls import Content, MethodCall
from emulator.google.youtube.methods.resources import listing, resource

_ASSIGNABLE = {
    "1": "Film & Animation",
    "2": "Autos & Vehicles",
    "10": "Music",
    "15": "Pets & Animals",
    "17": "Sports",
    "19": "Travel & Events",
    "20": "Gaming",
    "22": "People & Blogs",
    "23": "Comedy",
    "24": "Entertainment",
    "25": "News & Politics",
    "26": "Howto & Style",
    "27": "Education",
    "28": "Science & Technology",
    "29": "Nonprofits & Activism",
}
_OTHERS = {
    "18": "Short Movies",
    "21": "Videoblogging",
    "30": "Movies",
    "31": "Anime/Animation",
    "32": "Action/Adventure",
    "33": "Classics",
    "34": "Comedy",
    "35": "Documentary",
    "36": "Drama",
    "37": "Family",
    "38": "Foreign",
    "39": "Horror",
    "40": "Sci-Fi/Fantasy",
    "41": "Thriller",
    "42": "Shorts",
    "43": "Shows",
    "44": "Trailers",
}
_TITLES = dict(sorted((_ASSIGNABLE | _OTHERS).items(), key=lambda each: int(each[0])))
_CHANNEL = "UCBR8-60-B28hp2BmDPdntcQ"  # YouTube's own, to which all categories belong


async def find(asked: MethodCall) -> Content:
    """Answer the categories with the given ids, or all of a region."""
    chosen = asked.arguments.filter(("regionCode", "id"))
    ids = asked.arguments.all("id") if chosen == "id" else list(_TITLES)
    return listing("videoCategory", [_resource(i, asked.parts) for i in ids if i in _TITLES])


def _resource(category: str, parts: list[str]) -> dict[str, Any]:
    snippet = {
        "title": _TITLES[category],
        "assignable": category in _ASSIGNABLE,
        "channelId": _CHANNEL,
    }
    return resource("videoCategory", category, parts, {"snippet": snippet})
