"""An installation with a database in its data folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.settings import Settings
from tests.activities.conftest import Installation, installation

__all__ = ["Installation", "installation"]


@pytest.fixture
def chosen(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of the data folder in which the installation's database lies."""

    def choose(**settings: Any) -> Settings:
        return Settings.model_validate({"data_dir": tmp_path, "port": 9, **settings})

    return choose
