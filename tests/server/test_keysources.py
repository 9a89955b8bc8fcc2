"""Where keys come from: each source gives its keys, or says what is wrong with it."""

from pathlib import Path

import orjson
import pytest

from jwtfast_server.config import Settings
from tests.configs import MINIMAL, PEM, load_text, problems_of
from tests.forge.keys import private_jwk, public_jwk

SECRET = "an-hmac-secret-of-at-least-32-octets"
OLD_KEYS = next(line.strip() for line in MINIMAL.splitlines() if "keys:" in line)
JWK = orjson.dumps(public_jwk("ES256", kid="a", alg="ES256")).decode()
OTHER = orjson.dumps(public_jwk("ES384", kid="b", alg="ES384")).decode()


def with_keys(keys: str) -> str:
    """The minimal file with other keys."""
    return MINIMAL.replace(OLD_KEYS, f"keys: {keys}")


def described(settings: Settings) -> list[tuple[str | None, tuple[str, ...]]]:
    """The kid and the algorithms of every key."""
    return [(key.kid, key.algorithms) for key in settings.key_sets()["corp"] or ()]


@pytest.mark.parametrize(
    "keys,expected",
    [
        ("{pem_file: a.pem}", [(None, ("ES256",))]),
        ("{pem_file: a.pem, algorithm: ES256, kid: x}", [("x", ("ES256",))]),
        (f"{{pem: {orjson.dumps(PEM).decode()}}}", [(None, ("ES256",))]),
        (f"{{jwk: {JWK}}}", [("a", ("ES256",))]),
        (f"{{jwks: {{keys: [{JWK}, {OTHER}]}}}}", [("a", ("ES256",)), ("b", ("ES384",))]),
        ("{jwks_file: jwks.json}", [("a", ("ES256",)), ("b", ("ES384",))]),
        (
            f"[{{pem_file: a.pem, kid: p}}, {{jwk: {OTHER}}}]",
            [("p", ("ES256",)), ("b", ("ES384",))],
        ),
        (f"{{secret: {SECRET}, algorithm: HS256, kid: s}}", [("s", ("HS256",))]),
        ("{secret_file: secret, algorithm: HS256}", [(None, ("HS256",))]),
        ("{secret_env: SECRET, algorithm: HS256}", [(None, ("HS256",))]),
        ("{secret: short, algorithm: HS256, allow_weak_hmac: true}", [(None, ("HS256",))]),
        (f"{{secret: {SECRET}}}\n    algorithms: [HS256]", [(None, ("HS256",))]),
        (f"{{secret: {SECRET}}}\n    algorithms: HS256", [(None, ("HS256",))]),
    ],
)
def test_sources(
    tmp_path: Path, keys: str, expected: list[tuple[str | None, tuple[str, ...]]]
) -> None:
    """Every source gives keys with their kid and the algorithms they are bound to."""
    (tmp_path / "a.pem").write_text(PEM)
    (tmp_path / "jwks.json").write_text(f'{{"keys": [{JWK}, {OTHER}]}}')
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    assert described(load_text(tmp_path, with_keys(keys), {"SECRET": SECRET})) == expected


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_secret_file_ending(tmp_path: Path, ending: bytes) -> None:
    """The newline that ends a secret's file is not part of the secret; one inside would be."""
    (tmp_path / "secret").write_bytes(SECRET.encode() + ending)
    settings = load_text(tmp_path, with_keys("{secret_file: secret, algorithm: HS256}"))
    assert settings.material["corp"][0].content == SECRET.encode()


@pytest.mark.parametrize(
    "keys,problem",
    [
        ("{pem_file: absent.pem}", ".pem_file: {dir}/absent.pem cannot be read: No such file or"),
        ("{jwks_file: large.json}", ".jwks_file: {dir}/large.json is larger than 1 MiB"),
        ("{jwks_file: .}", ".jwks_file: {dir} cannot be read: Is a directory"),
        (
            "{secret_env: ABSENT, algorithm: HS256}",
            ".secret_env: the environment variable ABSENT is",
        ),
        ("{secret_env: EMPTY, algorithm: HS256}", ".secret_env: the environment variable EMPTY is"),
        (f"{{secret: {SECRET}}}", ".secret: a secret needs its algorithm: HS256, HS384 or HS512"),
        ("{secret: short, algorithm: HS256}", ".secret: "),
        ("{pem: nonsense}", ".pem: "),
        ("{jwks_file: html.json}", ".jwks_file: "),
        ("{pem_file: a.pem, algorithm: RS256}", ".pem_file: "),
        ("{pem: ''}", ".pem: "),
        ("{jwk: {kty: EC}}", ".jwk: "),
        ("{}", ": expected exactly one of pem, pem_file,"),
        ("{pem: null}", ": expected exactly one of pem, pem_file,"),
        ("{pem_file: a.pem, jwk: {}}", ": expected exactly one of pem, pem_file,"),
        (
            "{discovery: false}",
            ".discovery: expected true, or the URL of the metadata, found false",
        ),
        ("{pem_fil: a.pem}", ".pem_fil: unknown key, did you mean pem_file?"),
        (
            f"{{jwk: {JWK}, kid: b}}",
            ": a JWK carries its own alg and kid: leave out algorithm and kid",
        ),
        (f"[{{pem_file: a.pem}}, {{secret: {SECRET}, algorithm: HS256}}]", ": symmetric and"),
    ],
)
def test_bad_source(tmp_path: Path, keys: str, problem: str) -> None:
    """A bad source is told by line and key, with what is wrong."""
    (tmp_path / "a.pem").write_text(PEM)
    (tmp_path / "html.json").write_text("<html>")
    (tmp_path / "large.json").write_bytes(b" " * ((1 << 20) + 1))
    found = problems_of(tmp_path, with_keys(keys), {"EMPTY": ""})
    expected = f"jwtfast.yaml:4: issuers[0].keys{problem.format(dir=tmp_path)}"
    assert [text[: len(expected)] for text in found if "unknown key" in problem or text][:1] == [
        expected
    ]


def test_one_bad_source_of_two(tmp_path: Path) -> None:
    """In a list of sources the bad ones are told, each with its index and line."""
    keys = "\n      - {pem: nonsense}\n      - {pem_file: a.pem}\n      - {secret: x}"
    (tmp_path / "a.pem").write_text(PEM)
    found = problems_of(tmp_path, with_keys(keys))
    assert [text.split(": ")[:2] for text in found] == [
        ["jwtfast.yaml:5", "issuers[0].keys[0].pem"],
        ["jwtfast.yaml:7", "issuers[0].keys[2].secret"],
    ]


def test_what_is_left_out_is_noted(tmp_path: Path) -> None:
    """An entry of a JWKS that is of no use here is no error: the others serve, and it is noted."""
    unknown = '{"kty": "UNKNOWN", "kid": "u"}'
    settings = load_text(tmp_path, with_keys(f"{{jwks: {{keys: [{JWK}, {unknown}]}}}}"))
    assert described(settings) == [("a", ("ES256",))]
    (note,) = settings.notes
    assert note.startswith(f"{tmp_path}/jwtfast.yaml:4: issuers[0].keys.jwks: left out ")


def test_a_private_key_is_noted(tmp_path: Path) -> None:
    """A private key works, but should not be here: it is noted."""
    private = orjson.dumps(private_jwk("ES256", kid="a")).decode()
    settings = load_text(tmp_path, with_keys(f"{{jwk: {private}}}"))
    assert ["a private key" in note for note in settings.notes] == [True]
