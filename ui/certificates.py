"""Certificates: whom the commands and pages trust when the system is served over HTTPS."""

from __future__ import annotations

import os
import ssl
from typing import Final

AUTHORITY: Final = "FORECOURT_CA"
"""Names the PEM file of a private authority, or of the certificate itself."""
PINNED: Final = "FORECOURT_PINNED"
"""Names the PEM file of the one certificate to trust, under whatever name: for the own pages."""


def trusted() -> ssl.SSLContext | bool:
    """Trust what the environment names; without it, the usual authorities.

    Raises:
        ValueError: the file can't be read as certificates.
    """
    path = os.environ.get(PINNED) or os.environ.get(AUTHORITY)
    if not path:
        return True
    try:
        context = ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ValueError(f"{path}: can't be read as PEM certificates ({error})") from None
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = not os.environ.get(PINNED)
    return context
