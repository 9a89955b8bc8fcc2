"""Credentials, proxies and uses of a key source, from jwtfast.yaml to the request that it makes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwtfast_server.config import Settings
from jwtfast_server.key_refresh import KeyRefresh
from tests.configs import load_text, problems_of
from tests.forge import AUDIENCE, ISSUER
from tests.keyserver import KeyServer, answer, entry, jwks, signed
from tests.processes import Server, free_port, until
from tests.server.test_remote_sources import with_keys
from tests.settings import standard, write

VALUE = "hunter22-of-the-pod"


@pytest.mark.parametrize(
    "keys, problem",
    [
        (
            "{pem: x, headers: {X-A: hunter22}}",
            ": bearer_token_file and headers belong to jwks_url and discovery only",
        ),
        (
            "{jwks_file: x, bearer_token_file: gone}",
            ": bearer_token_file and headers belong to jwks_url and discovery only",
        ),
        (
            "{jwks_url: 'http://x/', allow_http: true, headers: {X-A: hunter22}}",
            ".jwks_url: credentials are sent by https:// only",
        ),
        (
            "{jwks_url: 'https://x/', headers: {Host: hunter22}}",
            ".jwks_url: headers must not have Host",
        ),
        ("{jwks_url: 'https://x/', headers: {X-A: 1}}", ".headers: expected a mapping of header"),
        ("{jwks_url: 'https://x/', headers: hunter22}", ".headers: "),
        (
            "{jwks_url: 'https://x/', bearer_token_file: gone}",
            ".bearer_token_file: expected a file, found none at",
        ),
        ("{jwks_url: 'https://x/', use: enc}", ".use: expected `sig` or `jwt-svid`"),
        ("{jwks_url: 'https://x/', use: [sig, x509-svid]}", ".use[1]: expected `sig` or"),
        ("{pem: x, use: jwt-svid}", ": use and ignore_key_ops belong to documents of several"),
        ("{jwk: {}, ignore_key_ops: true}", ": use and ignore_key_ops belong to documents of"),
    ],
)
def test_bad_source(tmp_path: Path, keys: str, problem: str) -> None:
    """It is told with its place, and never with what may be a secret."""
    found = problems_of(tmp_path, with_keys(keys))
    assert [one for one in found if one.startswith(f"jwtfast.yaml:4: issuers[0].keys{problem}")]
    assert "hunter22" not in str(found)


@pytest.mark.parametrize("listed", [True, False])
def test_what_reaches_the_source(tmp_path: Path, listed: bool) -> None:  # noqa: FBT001
    """A relative file is beside the configuration; workers get it all, and no text shows it."""
    (tmp_path / "token").write_text(VALUE)
    keys = (
        f"{{discovery: true, bearer_token_file: token, headers: {{X-A: {VALUE}}}, "
        "use: [sig, jwt-svid], ignore_key_ops: true}"
    )
    settings = load_text(tmp_path, with_keys(f"[{keys}]" if listed else keys))
    again = Settings.from_json(settings.to_json())
    assert again.issuers == settings.issuers
    for one in (settings, again):
        (source,) = KeyRefresh(one, lambda *_: None).sources["corp"]
        given = source._options
        assert (given.headers, given.bearer_token_file) == ({"X-A": VALUE}, f"{tmp_path}/token")
        assert (given.uses, given.ignore_key_ops) == (("sig", "jwt-svid"), True)
    assert VALUE not in repr(settings) + repr(settings.issuers[0].keys)
    # Read anew at each fetch: a change of it is no change of the configuration.
    assert not [file for file in settings.files if str(file).endswith("token")]


@pytest.mark.parametrize("place", ["jwks_file", "jwks"])
def test_uses_of_a_file(tmp_path: Path, place: str) -> None:
    """They count for a JWKS that is read at load, too, and `check` tells what is left out."""
    entries = [entry("a", use="jwt-svid"), entry("b", use="enc"), {"kty": "EC", "kid": "broken"}]
    document = json.dumps({"keys": entries})
    (tmp_path / "keys.json").write_text(document)
    value = "keys.json" if place == "jwks_file" else document
    settings = load_text(tmp_path, with_keys(f"{{{place}: {value}, use: [sig, jwt-svid]}}"))
    keys = settings.key_sets()["corp"]
    assert keys is not None
    assert [key.kid for key in keys] == ["a"]
    assert [note.partition("left out ")[2].partition(":")[0] for note in settings.notes] == [
        'keys[1] (kid "b")',
        'keys[2] (kid "broken")',
    ]


@pytest.fixture
def proxy() -> Iterator[KeyServer]:
    """A proxy that knows one document."""
    with KeyServer({"http://keys.test/jwks": jwks("a")}) as server:
        yield server


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_proxy_variables(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    proxy: KeyServer,
    variable: str,
    interface: str,
) -> None:
    """Workers fetch through the proxy of whatever variable."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, proxy.url(""))
    port = free_port()
    issuer = {
        "name": "corp",
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "keys": {"jwks_url": "http://keys.test/jwks", "allow_http": True},
    }
    config = standard(
        listen=f"127.0.0.1:{port}",
        issuers=[issuer],
        policies={"default": {"issuers": ["corp"]}},
        interface=interface,
    )
    path = write(tmp_path / "jwtfast.yaml", config)
    service = Server(["serve", "--config", str(path)], tmp_path, ("127.0.0.1", port))
    try:
        headers = [("authorization", f"Bearer {signed('a')}")]
        until(lambda: service.ask(headers=headers).status == 200, "keys through the proxy")
    finally:
        assert service.stop() == 0
    assert proxy.count("http://keys.test/jwks") >= 1


def test_a_bearer_token_in_a_service(tmp_path: Path) -> None:
    """The keys come with the token of the file, and a renewed file counts at the next fetch."""

    def guarded(_: object, request: object) -> bytes:
        token = (tmp_path / "token").read_text()
        given = request.headers.get("authorization")  # type: ignore[attr-defined]
        return jwks("a") if given == f"Bearer {token}" else answer(b"", 401)

    (tmp_path / "token").write_text(VALUE)
    with KeyServer({"/jwks": guarded}) as server:
        text = with_keys(f"{{jwks_url: '{server.url()}', bearer_token_file: token}}")
        (source,) = KeyRefresh(load_text(tmp_path, text), lambda *_: None).sources["corp"]
        with source:
            assert source.refresh()
            (tmp_path / "token").write_text("renewed")
            assert source.refresh()
            assert VALUE not in source.name
