"""Certificates: those the gateway shows, and the one of the Redis server."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import quote

_FIRST: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def check_pair(certificate: Path | None, key: Path | None) -> None:
    """Refuse files that HTTPS can't be served with; raises ValueError naming the fix."""
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        given, other = ("--tls-cert", "--tls-key") if key is None else ("--tls-key", "--tls-cert")
        raise ValueError(f"{given} is given without {other}: HTTPS takes both, as PEM files")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:
        # An SSLError is an OSError too.
        raise ValueError(
            f"--tls-cert {certificate}, --tls-key {key}: {error}; give a certificate (with its "
            "chain) and its own key, both PEM, the key without a passphrase"
        ) from None


def pinned(certificate: Path) -> ssl.SSLContext:
    """Trust exactly the first certificate of a file, under whatever name it is reached."""
    text = certificate.read_text(encoding="ascii", errors="replace")
    found = _FIRST.search(text)
    if found is None:
        raise ValueError(f"{certificate}: holds no certificate in PEM")
    context = ssl.create_default_context(cadata=found[0])
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def with_redis_ca(url: str, authority: Path | None) -> str:
    """Add the file of the authority that signed the Redis server's certificate to its URL.

    >>> with_redis_ca("rediss://db:6380/0", Path("/etc/ca.pem"))
    'rediss://db:6380/0?ssl_ca_certs=%2Fetc%2Fca.pem'

    Raises:
        ValueError: the URL is none with TLS, or there is no such file.
    """
    if authority is None:
        return url
    if not url.startswith("rediss://"):
        raise ValueError("--redis-ca is for TLS: give --redis-url rediss://…")
    mark = "&" if "?" in url else "?"
    return f"{url}{mark}ssl_ca_certs={quote(str(authority), safe='')}"
