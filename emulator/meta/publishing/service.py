"""What the publishing edges share: the state, the rules, and who may do what."""

from dataclasses import dataclass

from emulator.calls import Call
from emulator.clock import Clock
from emulator.meta.graph.errors import graph_error, no_such_object
from emulator.meta.graph.params import Params
from emulator.meta.login.tokens import CREATE_CONTENT, Tokens
from emulator.meta.people import PUBLISH, Page
from emulator.meta.publishing.intake.sessions import Session, Sessions
from emulator.meta.publishing.intake.uploads import Uploads
from emulator.meta.publishing.library import Library, Video
from emulator.meta.switches import Switches

READ = "pages_read_engagement"
AD_ACCOUNT = "act_"


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that an edge is given."""

    clock: Clock
    switches: Switches
    tokens: Tokens
    library: Library
    sessions: Sessions
    uploads: Uploads

    def publisher(self, call: Call, params: Params) -> Page:
        """Return the Page that a call publishes on, or raise why it may not.

        An ad account stands for the Page of the token, or else for the first Page that
        its person may publish on: Meta's own uploader knows no other parent.
        """
        if not call.request.match_info["node"].startswith(AD_ACCOUNT):
            return self.tokens.page_of(call, params, self.tokens.resolve_node(call, params)[1])
        identity = self.tokens.caller(params)
        if identity.page_id:
            return self.tokens.page_of(call, params, identity.page_id)
        for page in self.tokens.directory.pages.values():
            ticked = page.id in identity.pages and PUBLISH in identity.scopes
            if ticked and page.allows(identity.person_id, CREATE_CONTENT):
                return page
        raise graph_error("200")

    def writable(self, call: Call, params: Params) -> Video | Session:
        """Return the video that a call wants to change, finished or not."""
        found = self._find(call)
        self.tokens.page_of(call, params, found.page)
        return found

    def readable(self, call: Call, params: Params) -> Video | Session:
        """Return the video that a call reads, if its person has to do with the Page.

        A video that may not be seen answers as one that is not there.
        """
        identity = self.tokens.caller(params)
        found = self._find(call)
        page = self.tokens.directory.pages.get(found.page)
        own = identity.page_id in (None, found.page)
        if not (own and page and page.tasks.get(identity.person_id or "")):
            raise no_such_object(call.request.match_info["node"])
        if READ not in identity.scopes:
            raise graph_error("10")
        return found

    def _find(self, call: Call) -> Video | Session:
        node = call.request.match_info["node"]
        found = self.library.videos.get(node) or self.sessions.find(node)
        if found is None or call.suffers("not_found_yet"):
            raise no_such_object(node, call.request.method.lower())
        return found
