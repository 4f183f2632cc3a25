"""How the server is reached: straight or through a proxy, and whose certificates are believed. Reads the certificate file.

In:  the proxy's address and the file of authorities as the user set them. Out: what the transport needs; SettingsError otherwise.
Rules: nothing of it comes from the environment (`HTTPS_PROXY`, `SSL_CERT_FILE` and the like would redirect the token unseen).
This machine is never reached through a proxy. A file of authorities stands in the place of the usual ones, not beside them.
The proxy's password is in no message and in no repr.
"""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx

from callcamp_sync.api.address import is_loopback
from callcamp_sync.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Route:
    """proxy: `http://host:port`, with user and password where it asks for them; null for none. ca_file: PEM; null: as usual."""

    proxy: str | None = None
    ca_file: Path | None = None

    def proxy_to(self, base_url: str) -> httpx.Proxy | None:
        """The proxy that requests to this address pass, if any."""
        if self.proxy is None or is_loopback(httpx.URL(base_url).host):
            return None
        url = httpx.URL(self.proxy)
        return httpx.Proxy(url.copy_with(username=None, password=None), headers=_credentials(url))

    def context(self, *, secure: bool) -> ssl.SSLContext:
        """Whose certificates are believed. secure: whether https is spoken; loading the authorities takes 20 ms."""
        if not secure:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca_file is None:
            return httpx.create_ssl_context(trust_env=False)
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:  # ssl.SSLError is one
            why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            hint = "name a file of certificates in PEM form, or leave `ca_file` out"
            raise SettingsError(f"the certificate file `{self.ca_file}` cannot be used: {why}", hint=hint) from None


#: Straight, with the usual authorities.
DIRECT = Route()


def _credentials(url: httpx.URL) -> dict[str, str]:
    """The header that opens the proxy; a library's own way of passing it on is about to change."""
    if not url.userinfo:
        return {}
    user, _, password = url.userinfo.decode("ascii").partition(":")
    text = f"{unquote(user)}:{unquote(password)}".encode()
    return {"proxy-authorization": f"Basic {base64.b64encode(text).decode()}"}
