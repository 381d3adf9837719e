"""Sessions, kept in Redis for as long as they are used."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, HTTPException

from helpers.sandbox.app.dependencies import Cache, SettingsOf
from helpers.sandbox.app.models import NewSession, SessionOut

__all__ = ["router"]

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.post("", status_code=201)
async def open_session(cache: Cache, settings: SettingsOf, new: NewSession) -> SessionOut:
    """Open a session for a customer."""
    session_id = secrets.token_urlsafe(16)
    await cache.set(f"session:{session_id}", new.customer_id, ex=settings.session_s)
    return SessionOut(id=session_id, customer_id=new.customer_id, expires_in_s=settings.session_s)


@router.get("/{session_id}")
async def session(cache: Cache, settings: SettingsOf, session_id: str) -> SessionOut:
    """Return a session, and let it live on."""
    customer_id = await cache.getex(f"session:{session_id}", ex=settings.session_s)
    if customer_id is None:
        raise HTTPException(404, "No such session")
    return SessionOut(id=session_id, customer_id=int(customer_id), expires_in_s=settings.session_s)
