"""The main job, end to end, as a person does it: sign up, drop pictures, move one, and a friend sees it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
