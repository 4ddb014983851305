"""The parameters that many routes share, each with its bounds."""

from typing import Annotated

from fastapi import Path, Query

from api.schemas.base import MAX_NUMBER

MAX_LIMIT = 200

PageNumber = Annotated[int, Query(ge=1, le=MAX_NUMBER // MAX_LIMIT, description="From 1.")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items per page.")]
PathId = Annotated[str, Path(max_length=64)]
Filter = Annotated[str | None, Query(max_length=200)]
