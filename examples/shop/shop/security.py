"""Who may see orders."""

import secrets
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request


def known_key(request: Request, x_api_key: Annotated[str, Header()] = "") -> None:
    """Let a request pass that has the shop's key; answer 401 otherwise."""
    expected: str = request.app.state.settings.api_key
    if not expected or not secrets.compare_digest(x_api_key.encode(), expected.encode()):
        raise HTTPException(status_code=401, detail="an X-Api-Key is needed")


NeedsKey = Depends(known_key)
