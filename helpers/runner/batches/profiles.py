"""The profiles of a plan, each loaded once, and what is wrong with them."""

from __future__ import annotations

from importlib.metadata import entry_points

from helpers.errors import RunbookError
from helpers.settings import Profile, load_profile

__all__ = ["Profiles"]


class Profiles:
    """Profiles by name. One that would start something (`sandbox`) is taken by its name, and never loaded.

    `here` says whether their references have to resolve in this process: on a cluster they resolve on the workers only.
    """

    def __init__(self, *, here: bool = True) -> None:
        self.here = here
        self._provided = {entry.name for entry in entry_points(group="runbook.profiles")}
        self._known: dict[str, Profile | str] = {}

    async def loaded(self, name: str | None) -> Profile | str | None:
        """Return the profile; its name where it is provided; None where there is none, or it cannot be loaded."""
        if name is None or name in self._provided:
            return name
        await self.complaint(name)
        found = self._known[name]
        return found if isinstance(found, Profile) else None

    async def complaint(self, name: str | None) -> str:
        """Return why the profile cannot be used, or an empty string."""
        if name is None or name in self._provided:
            return ""
        if name not in self._known:
            self._known[name] = await self._load(name)
        found = self._known[name]
        return found if isinstance(found, str) else ""

    async def _load(self, name: str) -> Profile | str:
        try:
            profile = await load_profile(name)
            for system in profile.systems() if self.here else []:
                profile.address(system)
        except RunbookError as error:
            return str(error)
        return profile
