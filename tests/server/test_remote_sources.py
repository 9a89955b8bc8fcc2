"""Key sources that are fetched or watched: what the configuration refuses, and how keys add up."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import structlog

from jwtfast import Gate, KeySet
from jwtfast_server.config import Settings
from jwtfast_server.key_refresh import KeyRefresh
from tests.configs import MINIMAL, load_text, problems_of
from tests.keyserver import KeyServer, answer, entry, jwks

KEYS = MINIMAL.splitlines()[3]
SECRET = "hunter22-is-a-secret-of-32-octets"


def with_keys(keys: str, **issuer: str) -> str:
    """Return the minimal file with other keys, and other members of its issuer."""
    more = "".join(f"\n    {name}: {value}" for name, value in issuer.items())
    return MINIMAL.replace(KEYS, f"    keys: {keys}{more}")


@pytest.mark.parametrize(
    "keys, problem",
    [
        ("{jwks_url: 'https://me:hunter22@[/'}", ".jwks_url: the JWKS URL is not a URL"),
        ("{jwks_url: 'http://me:hunter22@x/?hunter22'}", ".jwks_url: the JWKS URL must begin with"),
        ("{jwks_url: 'https://x/#a'}", ".jwks_url: the JWKS URL must not have a fragment"),
        ("{jwks_url: ''}", ".jwks_url: "),
        (
            f"[{{jwks_url: 'https://x/'}}, {{secret: {SECRET}, algorithm: HS256}}]",
            ": a secret cannot stand beside keys that are fetched",
        ),
        ("{jwks_url: 'https://x/', kid: a}", ": a JWK carries its own alg and kid"),
        ("{jwks_url: 'https://x/', discovery: true}", ": expected exactly one of"),
        ("{pem: x, allow_http: true}", ": allow_http belongs to jwks_url and discovery only"),
    ],
)
def test_bad_source(tmp_path: Path, keys: str, problem: str) -> None:
    """It is told with its place, and never with what may be a password."""
    found = problems_of(tmp_path, with_keys(keys))
    assert found[0].startswith(f"jwtfast.yaml:4: issuers[0].keys{problem}")
    assert "hunter22" not in str(found)


@pytest.mark.parametrize(
    "issuer, problem",
    [
        ("any", "discovery needs the URL of the issuer, not `any`"),
        ("corp", "the issuer must begin with https:// and have a host"),
        ("http://login.example.com", "the issuer must begin with https://"),
        ("https://login.example.com/?a", "the issuer must have neither a query nor a user"),
    ],
)
def test_bad_discovery(tmp_path: Path, issuer: str, problem: str) -> None:
    """Discovery starts from the issuer, which must be a URL to fetch from."""
    text = with_keys("{discovery: true}").replace("https://login.example.com", issuer)
    (found,) = problems_of(tmp_path, text)
    assert found.startswith(f"jwtfast.yaml:4: issuers[0].keys.discovery: {problem}")


@pytest.mark.parametrize(
    "keys", ["{jwks_url: 'http://x/', allow_http: true}", "{jwks_url: 'http://localhost/'}"]
)
def test_http(tmp_path: Path, keys: str) -> None:
    """http is taken by name, or on this machine; nothing is fetched at load."""
    assert load_text(tmp_path, with_keys(keys)).key_sets() == {"corp": None}


def test_ca_file(tmp_path: Path) -> None:
    """It is looked for beside the configuration, at load."""
    text = with_keys("{discovery: true}", refresh="{ca_file: ca.pem}")
    (found,) = problems_of(tmp_path, text)
    assert found == (
        f"jwtfast.yaml:5: issuers[0].refresh.ca_file: expected a file, found none at "
        f"{tmp_path}/ca.pem"
    )
    (tmp_path / "ca.pem").touch()
    (issuer,) = load_text(tmp_path, text).issuers
    assert issuer.refresh.ca_file == f"{tmp_path}/ca.pem"


def test_algorithms_that_only_fetched_keys_may_serve(tmp_path: Path) -> None:
    """Whether they do is seen when they come, not at load."""
    keys = f"[{{jwk: {json.dumps(entry('a'))}}}, {{jwks_url: 'https://x/'}}]"
    settings = load_text(tmp_path, with_keys(keys, algorithms="[RS256]"))
    with structlog.testing.capture_logs() as lines:
        _, without_keys = KeyRefresh(settings, lambda *_: None).gate()
    assert without_keys == ("corp",)
    assert [line["event"] for line in lines] == ["keys cannot be used"]


def test_timing(tmp_path: Path) -> None:
    """What `refresh` says reaches the set that it is said of."""
    (tmp_path / "ca.pem").touch()
    timing = "{every: 1m, cooldown: 2s, max_stale: 3m, timeout: 4s, ca_file: ca.pem}"
    settings = load_text(tmp_path, with_keys("{discovery: true}", refresh=timing))
    (source,) = KeyRefresh(settings, lambda *_: None).sources["corp"]
    given = source._options
    assert (given.every, given.cooldown, given.max_stale, given.timeout) == (60, 2, 180, 4)
    assert (given.ca_file, given.allow_http) == (f"{tmp_path}/ca.pem", False)
    assert source.name == "https://login.example.com"


class Swaps(list[tuple[Gate, tuple[str, ...]]]):
    """Every swap that was asked for."""

    def __call__(self, _: Settings, gate: Gate, without_keys: tuple[str, ...]) -> None:
        """Swap."""
        self.append((gate, without_keys))


@pytest.fixture
def keyserver() -> Iterator[KeyServer]:
    """A server with key `b` at /jwks."""
    with KeyServer({"/jwks": jwks("b")}) as server:
        yield server


def test_sources_add_up(tmp_path: Path, keyserver: KeyServer) -> None:
    """Given keys serve before the fetched ones come, and beside them; of one kid, the first."""
    keys = f"[{{jwk: {json.dumps(entry('a'))}}}, {{jwks_url: '{keyserver.url()}'}}]"
    swaps, built = Swaps(), list[KeySet | None]()

    def build(settings: bytes, keys: Mapping[str, KeySet | None]) -> Gate:
        built.append(keys["corp"])
        return Gate(settings, keys)

    keys_of = KeyRefresh(load_text(tmp_path, with_keys(keys)), swaps, build)
    assert keys_of.gate()[1] == ()
    assert keyserver.requests == []
    keys_of.start()
    (source,) = keys_of.sources["corp"]
    for page, expected in [
        (jwks("b"), ["a", "b"]),
        (jwks("a", "b"), ["a", "b"]),
        (answer(json.dumps({"keys": [entry("b", kid="a")]}).encode()), ["a"]),
        (answer(b""), ["a"]),
    ]:
        keyserver.pages["/jwks"] = page
        source.refresh()
        keys_of.gate()
        found = list(built[-1] or ())
        assert [key.kid for key in found] == expected
        assert found[0].public_jwk()["x"] == entry("a")["x"]
    assert [without_keys for _, without_keys in swaps] == [()] * 3
    keys_of.close()


def test_an_unknown_key_concerns_the_policy_s_issuers(tmp_path: Path, keyserver: KeyServer) -> None:
    """Only the sources of its issuers are asked; a policy without a source is no mistake."""
    text = with_keys(f"{{jwks_url: '{keyserver.url()}'}}").replace(
        "policies:",
        "  - {name: other, issuer: 'https://other', audiences: any, "
        f"keys: {{jwks_url: '{keyserver.url('/other')}'}}}}\npolicies:\n  two: {{issuers: other}}",
    )
    keys_of = KeyRefresh(load_text(tmp_path, text), Swaps())
    keys_of.unknown_key("two")
    keyserver.await_count(1, "/other")
    keys_of.unknown_key("none")
    keys_of.unknown_key("")
    assert keyserver.count("/jwks") == 0
    keys_of.close()


@pytest.mark.parametrize("name", ["https://login.example.com", "accounts.example"])
def test_metadata_elsewhere(tmp_path: Path, name: str) -> None:
    """Discovery may start from the URL of the metadata; the issuer is then any name."""
    text = with_keys("{discovery: 'https://inside.example/metadata'}")
    settings = load_text(tmp_path, text.replace("https://login.example.com", name))
    (source,) = KeyRefresh(settings, lambda *_: None).sources["corp"]
    assert source.name == name


@pytest.mark.parametrize(
    "value, problem",
    [
        ("'http://inside.example/metadata'", "the metadata's URL must begin with https://"),
        ("'https://inside.example/?a'", "the metadata's URL must have neither a query nor a user"),
        ("'https://me:hunter22@inside.example/'", "the metadata's URL must have neither"),
        ("/metadata", "the metadata's URL must begin with https:// and have a host"),
    ],
)
def test_bad_metadata_url(tmp_path: Path, value: str, problem: str) -> None:
    """The URL is held to the rules of all URLs, and told with its place."""
    (found,) = problems_of(tmp_path, with_keys(f"{{discovery: {value}}}"))
    assert f"issuers[0].keys.discovery: {problem}" in found
    assert "hunter22" not in found


@pytest.mark.parametrize("value", ["false", "7", "[]", "''"])
def test_discovery_is_true_or_a_url(tmp_path: Path, value: str) -> None:
    """Anything else is a problem with its place."""
    found = problems_of(tmp_path, with_keys(f"{{discovery: {value}}}"))
    assert any("issuers[0].keys.discovery" in one for one in found), found
