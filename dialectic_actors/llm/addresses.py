"""What is the address of a server. Nothing is looked up here."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["is_address"]

_LABEL = "[A-Za-z0-9_-]{1,63}"
_PLACE = re.compile(rf"(?:\[[0-9A-Fa-f:.]+\]|{_LABEL}(?:\.{_LABEL})*\.?)(?::\d*)?")


def is_address(url: str) -> bool:
    """Whether a path may follow `url`, and a client can find its host."""
    if not url.isascii() or not url.isprintable() or "?" in url or "#" in url:
        return False
    try:
        parts = urlsplit(url)
        if parts.netloc.startswith("["):
            ip_address(parts.hostname or "")
        is_served = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return False
    return is_served and _PLACE.fullmatch(parts.netloc) is not None
