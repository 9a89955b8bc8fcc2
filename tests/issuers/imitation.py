"""One identity provider, imitated from `providers/NAME.yaml`: its documents, and its tokens.

A file has `title`, `configuration` and `preset` (the same by `provider`), `documents` and `keys` by
their URL, `token` (header and claims, in the shape of the real ones), `identity` (the headers of a
200), `good` and `wrong` (changes to that token, with their answer). `$` is a value of a key, `$now`
the time of the test, `like` another file that it is laid over, and `missing` says why it cannot
pass.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from jwtfast_server.document import parse
from tests.forge import NOW, encode
from tests.issuers.keys import FILLED, pair, signature

__all__ = ["NAMES", "Imitation"]

FOLDER: Final = Path(__file__).parent / "providers"
NAMES: Final = sorted(path.stem for path in FOLDER.glob("*.yaml"))
ROTATED: Final = "rotated"

_TIME: Final = re.compile(r"\$now(?:([+-])(\d+))?")
_ENC: Final = {
    FILLED: "enc",
    "kty": "RSA",
    "use": "enc",
    "kid": "of-encryption",
    "alg": "RSA-OAEP",
    "n": FILLED,
    "e": FILLED,
}


def _read(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.yaml").read_text()
    data: dict[str, Any] = parse(text, name).data
    return (
        _read(data["like"]) | {"missing": None, "preset": None} | data if "like" in data else data
    )


def _timed(value: Any, now: int) -> Any:  # noqa: ANN401 - any JSON value
    """The value with its times; a member that is `...` is taken away."""
    if isinstance(value, dict):
        return {name: _timed(inner, now) for name, inner in value.items() if inner != "..."}
    if isinstance(value, list):
        return [_timed(inner, now) for inner in value]
    if isinstance(value, str) and (found := _TIME.fullmatch(value)):
        return now + int(f"{found[1] or ''}{found[2] or 0}")
    return value


@dataclass
class Imitation:
    """A provider whose keys can change."""

    name: str
    rotated: bool = False
    now: int = NOW
    data: dict[str, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read its file."""
        self.data = _read(self.name)

    @property
    def signer(self) -> str:
        """The name of the key that signs its tokens."""
        return "ec-first" if self._algorithm == "ES256" else "first"

    @property
    def _algorithm(self) -> str:
        algorithm: str = self._header["alg"]
        return algorithm

    @property
    def _header(self) -> dict[str, Any]:
        header: dict[str, Any] = self.data.get("header") or self.data["token"]["header"]
        return header

    @property
    def missing(self) -> str | None:
        """Why it cannot pass today."""
        missing: str | None = self.data.get("missing")
        return missing

    @property
    def forms(self) -> tuple[str, ...]:
        """The configurations that it has: ordinary keys, and a preset where there is one."""
        return ("configuration", "preset") if self.data.get("preset") else ("configuration",)

    @property
    def has_remote_keys(self) -> bool:
        """Whether its keys are fetched."""
        return bool(self.data.get("keys"))

    @property
    def enc_kid(self) -> str | None:
        """The kid of the key of another use in its documents; None where they have none."""
        for entries in self._entries.values():
            for entry in entries:
                if entry[FILLED].endswith("enc"):
                    return str(entry.get("kid"))
        return None

    @cached_property
    def hosts(self) -> set[str]:
        """The hosts (with their ports) that its documents are at."""
        urls = [urlsplit(url) for url in (*self.data.get("documents", ()), *self.data["keys"])]
        return {f"{url.hostname}:{url.port or 443}" for url in urls}

    @property
    def _entries(self) -> dict[str, list[dict[str, Any]]]:
        """By URL, the templates of its keys; a JWKS without a key of another use gets one."""
        found: dict[str, list[dict[str, Any]]] = self.data.get("keys") or {}
        if "form" in self.data:
            return found
        return {
            url: entries
            if any(entry[FILLED].endswith("enc") for entry in entries)
            else [*entries, dict(_ENC)]
            for url, entries in found.items()
        }

    def pages(self) -> dict[str, bytes]:
        """By URL, the documents of this moment."""
        found = {url: _json(page) for url, page in (self.data.get("documents") or {}).items()}
        for url, entries in self._entries.items():
            now = [self._now(entry) for entry in entries]
            match self.data.get("form"):
                case None:
                    keys = [pair(entry[FILLED]).entry(entry) for entry in now]
                    found[url] = _json({"keys": keys} | self.data.get("beside", {}))
                case "public keys":
                    found[url] = _json({e["kid"]: pair(e[FILLED]).public_pem for e in now})
                case "certificates":
                    found[url] = _json({e["kid"]: _pem(e[FILLED]) for e in now})
                case "a PEM each":
                    found |= {
                        urljoin(url, e["kid"]): pair(e[FILLED]).public_pem.encode() for e in now
                    }
        return found

    def _now(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The entry; once the keys were rotated, the signer's is another one."""
        if not self.rotated or entry[FILLED] != self.signer:
            return entry
        return entry | {FILLED: _rotated(self.signer), "kid": ROTATED}

    def token(
        self,
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> str:
        """Return a token.

        Args:
            claims: those that differ from the good one's; `...` takes one away.
            header: the members of the header that differ.
            key: the name of the key that signs instead.
        """
        head = _timed(self._header | dict(header or {}), self.now)
        if key == ROTATED:
            head, key = head | {"kid": ROTATED}, _rotated(self.signer)
        body = _timed(self.data["token"]["claims"] | dict(claims or {}), self.now)
        write = _padded if self.data.get("padded") else encode
        message = f"{write(_json(head))}.{write(_json(body))}"
        if head["alg"] == "none":
            return f"{message}."
        secret = self.data.get("secret") if key is None else None
        signed = signature(head["alg"], message.encode(), key or self.signer, secret)
        return f"{message}.{write(signed)}"

    def headers(self, token: str) -> list[tuple[str, str]]:
        """The headers of a request with a token where this provider's are."""
        place = self.data.get("in", "Authorization")
        if place.endswith("="):
            return [("cookie", f"a=b; {place}{token}")]
        if place == "Authorization":
            return [("authorization", f"Bearer {token}")]
        return [(place.lower(), token)]


def _rotated(signer: str) -> str:
    return f"{signer}-rotated"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _padded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _pem(name: str) -> str:
    return pair(name).certificate.public_bytes(Encoding.PEM).decode()
