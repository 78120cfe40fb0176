"""The recipe: which sizes are made of a picture and how they are encoded, as the settings say."""

from msgspec import Struct

from domain.settings import Settings

VERSION = "3"
"""Raise it when the same original would give other bytes by the same settings."""


class Recipe(Struct, frozen=True):
    """sizes: the longest sides of the ladder in pixels, ascending; quality: of WebP and JPEG, 1 to 100."""

    sizes: tuple[int, ...] = (320, 800, 1600)
    quality: int = 85

    @property
    def name(self) -> str:
        """Part of the key of all that is made by it, and in its row: other settings, other keys."""
        if self == STANDARD:
            return VERSION
        return f"{VERSION}-{'-'.join(map(str, self.sizes))}-q{self.quality}"


STANDARD = Recipe()
_followed = STANDARD


def follow(settings: Settings) -> None:
    """From here on this process makes pictures by these settings."""
    global _followed
    _followed = Recipe(settings.renditions, settings.webp_quality)


def followed() -> Recipe:
    return _followed
