"""`/api/youtube` and `/api/video-jobs`: snake_case, integer ids, slashes at the end.

The same lifecycles as `/api/v1`, on the workspace's own YouTube connection: the one that
was authorized last. Every address is taken without its last slash, too.
"""

from fastapi import APIRouter

from api.routes.youtube import auth, jobs, uploads
from api.schemas.problem import ALWAYS, answers
from domain.errors import Unauthorized

router = APIRouter(prefix="/api")
for _module in (auth, uploads, jobs):
    router.include_router(_module.router, responses=answers(*ALWAYS, Unauthorized))
router.include_router(auth.browser, responses=answers(*ALWAYS))
