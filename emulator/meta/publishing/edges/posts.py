"""The posts of a Page that its videos create.

A published video has a post with the id `{page}_{post_id}`. A scheduled video has a scheduled
post. `secret` and `no_story` videos have no post (facts: Facebook section 3). Posts of text or
photos are not served.
"""

from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import json_answer, no_such_object
from emulator.meta.graph.paging import paged
from emulator.meta.graph.params import Params, read
from emulator.meta.graph.selecting import select_fields
from emulator.meta.login.nodes import Edge
from emulator.meta.login.tokens import CREATE_CONTENT
from emulator.meta.publishing.edges.listings import finished_between, readable_page
from emulator.meta.publishing.edges.node import moment
from emulator.meta.publishing.library import Fate, Intent, Video
from emulator.meta.publishing.processing import is_published, live_moment
from emulator.meta.publishing.service import Service

_USUAL = "created_time,message,story,id"
_PUBLISHED = ("feed", "posts", "published_posts")


class Posts:
    """The lists of posts, and single posts."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def edges(self) -> dict[str, Edge]:
        """The lists of posts, by name."""
        return {**{name: self._of(name) for name in _PUBLISHED}, "scheduled_posts": self.scheduled}

    async def show(self, call: Call) -> web.StreamResponse:
        """Return the post `{page}_{post_id}`."""
        params = await read(call)
        node = call.request.match_info["node"]
        self._service.tokens.caller(params)
        video, now = self._service.library.of_post(node), self._service.clock.now()
        if video is None or not (is_published(video, now) or _is_scheduled(video, now)):
            raise no_such_object(node)
        readable_page(self._service, params, video.page)
        return json_answer(self._shown(call, params, video))

    def scheduled(self, call: Call, params: Params, node: str) -> dict[str, Any]:
        """List the scheduled posts, the next one first."""
        identity, page = readable_page(self._service, params, node)
        if not page.allows(identity.person_id, CREATE_CONTENT):
            raise no_such_object(node)
        now = self._service.clock.now()
        waiting = [video for video in self._with_posts(node) if _is_scheduled(video, now)]
        rows = [
            self._shown(call, params, video)
            for video in sorted(waiting, key=lambda video: video.plan.moment)
        ]
        return paged(call, params, f"{node}/scheduled_posts", rows)

    def _of(self, name: str) -> Edge:
        def listed(call: Call, params: Params, node: str) -> dict[str, Any]:
            readable_page(self._service, params, node)
            now = self._service.clock.now()
            rows = [
                self._shown(call, params, video)
                for video in finished_between(params, now, self._with_posts(node))
                if is_published(video, now)
            ]
            return paged(call, params, f"{node}/{name}", rows)

        return listed

    def _with_posts(self, node: str) -> list[Video]:
        """Return a Page's videos that have or will have a post, newest first."""
        videos = reversed(self._service.library.videos.values())
        return [video for video in videos if video.page == node and video.post]

    def _shown(self, call: Call, params: Params, video: Video) -> dict[str, Any]:
        now = self._service.clock.now()
        page = self._service.tokens.directory.pages[video.page]
        published = is_published(video, now)
        address = f"https://www.facebook.com{video.address}"
        picture = f"{call.origin}/{video.id}/picture"
        attachment = {
            "media_type": "video",
            "type": "video_inline",
            "title": video.title or None,
            "description": video.description or None,
            "media": {"image": {"height": 360, "src": picture, "width": 640}},
            "target": {"id": video.id, "url": address},
            "url": address,
        }
        known = {
            "id": video.post,
            "message": video.description or None,
            "created_time": moment((live_moment(video) or now) if published else video.created_at),
            "updated_time": moment(video.updated_at),
            "from": {"name": page.name, "id": page.id},
            "admin_creator": None,
            "full_picture": picture,
            "picture": picture,
            "icon": f"{call.origin}/{page.id}/picture",
            "is_published": published,
            "is_hidden": False,
            "is_expired": False,
            "object_id": video.id,
            "permalink_url": address,
            "scheduled_publish_time": None if published else int(video.plan.moment),
            "status_type": "added_video",
            "type": "video",
            "privacy": {"value": "EVERYONE", "description": "Public"},
            "promotable_id": video.post,
            "attachments": lambda inner: {
                "data": [select_fields(inner, "StoryAttachment", _ATTACHED, attachment)]
            },
        }
        return select_fields(params, "Post", _USUAL, known)


def _is_scheduled(video: Video, now: float) -> bool:
    scheduled = video.plan.intent is Intent.SCHEDULED and video.fate is Fate.READY
    return scheduled and not is_published(video, now)


_ATTACHED = "description,media,media_type,target,title,type,url"
