"""Bad configuration: every problem at once, each with its place, and never a secret."""

from pathlib import Path

import pytest

from jwtfast_server.config import SettingsError, load
from tests.configs import JWKS, MINIMAL, problems_of

SECRET = "hunter22-is-a-secret-of-32-octets"

MANY = """\
listen: 0.0.0.0:99999
leewai: 3
realm: 7
issuers:
  - name: corp
    issuer: https://login.example.com
    keys:
      - {pem: nonsense, algorithm: ES256}
      - {secret_env: NOT_SET, algorithm: HS256}
      - {jwks_url: 'http://login.example.com/jwks'}
      - {pem_file: a.pem, secret: hunter22}
      - {jwks_file: absent.json}
    algorithms: [none, HS256, RS266]
    leeway: 10m
policies:
  admin:
    issuers: [crop]
    require:
      - {claim: email, matches: '.*(@example'}
    identity: {Content-Type: sub, X-Groups: {claim: groups, as: xml}}
    shadow: maybe
tls:
  cert: absent.pem
original_request: {uri_header: X-Original-URL, trusted_proxies: [10.0.0.0/8, "::/0"]}
routes: [{policy: admin, host: a},
  {policy: admin, path: x},
  {policy: admin, host: a, path: /x},
  {policy: admin, methods: get},
  {policy: admim, path: /}]
log: {level: loud}
"""


def test_all_at_once(tmp_path: Path) -> None:
    """Shape, references, files, keys and rules: everything is told, in the order of the file."""
    found = problems_of(tmp_path, MANY)
    places = [":".join(problem.split(":")[:3]) for problem in found]
    assert places == [
        "jwtfast.yaml:1: listen",
        "jwtfast.yaml:2: leewai",
        "jwtfast.yaml:3: realm",
        "jwtfast.yaml:5: issuers[0].audiences",
        "jwtfast.yaml:8: issuers[0].keys[0].pem",
        "jwtfast.yaml:9: issuers[0].keys[1].secret_env",
        "jwtfast.yaml:10: issuers[0].keys[2].jwks_url",
        "jwtfast.yaml:11: issuers[0].keys[3]",
        "jwtfast.yaml:12: issuers[0].keys[4].jwks_file",
        "jwtfast.yaml:13: issuers[0].algorithms[0]",
        "jwtfast.yaml:13: issuers[0].algorithms[2]",
        "jwtfast.yaml:14: issuers[0].leeway",
        "jwtfast.yaml:17: policies.admin.issuers[0]",
        "jwtfast.yaml:19: policies.admin.require[0].matches",
        "jwtfast.yaml:20: policies.admin.identity.X-Groups.as",
        "jwtfast.yaml:20: policies.admin.identity.Content-Type",
        "jwtfast.yaml:21: policies.admin.shadow",
        "jwtfast.yaml:22: tls.key",
        "jwtfast.yaml:23: tls.cert",
        "jwtfast.yaml:24: original_request.trusted_proxies[1]",
        "jwtfast.yaml:26: routes[1].path",
        "jwtfast.yaml:27: routes[2]",
        "jwtfast.yaml:28: routes[3].methods",
        "jwtfast.yaml:29: routes[4].policy",
        "jwtfast.yaml:30: log.level",
    ]


KEYS = f"keys: {{jwks: {JWKS}}}"
AUDIENCES = "audiences: [api]"
DEFAULT = "default: {issuers: [corp]}"
# What is changed in the minimal file, into what, and the problem that this is.
CHANGES = [
    (
        AUDIENCES,
        "",
        "2: issuers[0].audiences: must be given: the audiences to accept, or the word ",
    ),
    (AUDIENCES, "audiences: null", "5: issuers[0].audiences: expected a list, or the word `any` "),
    (AUDIENCES, "audiences: []", "5: issuers[0].audiences: expected at least one, found an empty"),
    (
        AUDIENCES,
        f"{AUDIENCES}\n    audience: x",
        "6: issuers[0].audience: unknown key, did you mean audiences?",
    ),
    ("name: corp", "name: 7", "2: issuers[0].name: expected text, found 7"),
    (KEYS, "keys: []", "4: issuers[0].keys: expected at least one, found an empty list"),
    (KEYS, "keys: {jwks_url: 'http://x/'}", "4: issuers[0].keys.jwks_url: the JWKS URL must begin"),
    (KEYS, "keys: {jwks_url: /jwks}", "4: issuers[0].keys.jwks_url: the JWKS URL must begin with"),
    ("[corp]", "[]", "7: policies.default.issuers: expected at least one, found an empty list"),
    ("[corp]", "[crop]", "7: policies.default.issuers[0]: expected the name of an issuer, found"),
    ("[corp]", "crop", "7: policies.default.issuers: expected the name of an issuer, found 'crop'"),
    ("[corp]}", "[corp], requires: []}", "7: policies.default.requires: unknown key, did you mean"),
    ("default:", "other:", "6: policies: expected a policy called `default`, found other"),
    (
        DEFAULT,
        f"{DEFAULT}\n  a/b: {{issuers: corp}}",
        "8: policies.a/b: expected text like ^[A-Za-z",
    ),
]
# What is added to the issuer.
ISSUER = [
    ("leeway: 10m", "leeway: expected a duration of at most 5m, found '10m'"),
    ("leeway: -1", "leeway: expected a duration of at most 5m, such as 30s, 5m or 1h30m, found -1"),
    ("leeway: {exp: 10m}", "leeway.exp: expected a duration of at most 5m, found '10m'"),
    ("leeway: {iat: -1}", "leeway.iat: expected a duration of at most 5m, such as 30s, 5m or"),
    ("leeway: {aud: 1s}", "leeway.aud: unknown key, expected one of exp, iat, nbf"),
    ("leeway: [30s]", "leeway: expected a duration of at most 5m, such as 30s, 5m or 1h30m"),
    ("leeway: null", "leeway: expected a duration of at most 5m, such as 30s, 5m or 1h30m"),
    ("max_lifetime: 0", "max_lifetime: expected a duration of at least 1s, found 0"),
    ("algorithms: [none]", "algorithms[0]: expected a signature algorithm: a token without a "),
    ("algorithms: [HS256, ES256]", "algorithms: expected either HMAC (HS...) or asymmetric "),
    (
        "algorithms: es256",
        "algorithms: expected the name of a signature algorithm (did you mean ES",
    ),
    ("algorithms: [RS256]", "algorithms: none of these is one that the keys serve"),
    ("algorithms: []", "algorithms: expected at least one, found an empty list"),
    ("token_types: []", "token_types: expected at least one, found an empty list"),
    ("refresh: {every: 10d}", "refresh.every: expected a duration of at most 7d, found '10d'"),
    ("refresh: {max_stale: 0}", "refresh.max_stale: expected a duration of at least 1s, found 0"),
]
# What is added to the whole.
TOP = [
    ("routes: [{path: /, policy: default}]", "routes: needs original_request, which says how the"),
    ("revocation: {file: revoked.json}", "revocation.file: expected a file, found none at /"),
    ("revocation: {file: jwtfast.yaml}", "revocation.file: /"),
    ("revocation: {}", "revocation: expected file, redis or both, found none"),
    ("query_overrides: 7", "query_overrides: expected true or false, found 7"),
    ("token: {from: {query: t}}", "token.from.query: needs original_request, which says where the"),
    ("token: {from: [{cookie: a, header: b}]}", "token.from[0]: expected exactly one of header, "),
    ("token: {from: {cookie: a, scheme: b}}", "token.from: scheme belongs to a header only"),
    ("token: {from: []}", "token.from: expected at least one, found an empty list"),
    ("realm: 'a\"b'", "realm: expected text like ^[ !#-\\[\\]-~]{1,128}$, found 'a\"b'"),
    ("unavailable_status: 500", "unavailable_status: expected 503 or 403, found 500"),
    (
        "max_token_bytes: 2MiB",
        "max_token_bytes: expected a number of bytes from 256 to 1048576, fo",
    ),
    ("log: loud", "log: expected a mapping, found 'loud'"),
    ("log: true", "log: expected a mapping, found true"),
    (f"workers: {'x' * 61}", "workers: expected a whole number, found something else"),
    ("workers: 0", "workers: expected at least 1, found 0"),
    ("workers: 1.5", "workers: expected a whole number, found 1.5"),
    ("tls: {cert: jwtfast.yaml}", "tls.key: must be given: the file of the private key"),
    ("tls: {cert: jwtfast.yaml, key: a.pem}", "tls.key: expected a file, found none at /"),
    ("metrics: {listen: 9090}", "metrics.listen: expected an address such as 127.0.0.1:8080, "),
]


@pytest.mark.parametrize(
    "old,new,problem",
    [
        *CHANGES,
        *((AUDIENCES, f"{AUDIENCES}\n    {new}", f"6: issuers[0].{text}") for new, text in ISSUER),
        *((DEFAULT, f"{DEFAULT}\n{new}", f"8: {text}") for new, text in TOP),
    ],
)
def test_one_problem(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """One thing that is wrong is told once: line, key path, what was expected and found."""
    assert old in MINIMAL
    found = problems_of(tmp_path, MINIMAL.replace(old, new))
    assert [text[: len(f"jwtfast.yaml:{problem}")] for text in found] == [f"jwtfast.yaml:{problem}"]


@pytest.mark.parametrize(
    "text,problem",
    [
        ("[1, 2]", "jwtfast.yaml:1: expected a mapping of settings"),
        ("hello", "jwtfast.yaml:1: expected a mapping of settings"),
        ("", "jwtfast.yaml: issuers: must be given: a list of issuers"),
        ("# nothing\n", "jwtfast.yaml: issuers: must be given: a list of issuers"),
    ],
)
def test_no_settings(tmp_path: Path, text: str, problem: str) -> None:
    """A file that holds something else, or nothing, is refused."""
    assert problem in problems_of(tmp_path, text)


def two_issuers(first: str, second: str, policy: str) -> str:
    """Two issuers with their `issuer`, and the issuers of the default policy."""
    issuer = "  - {{name: {}, issuer: {}, keys: {{jwks: {}}}, audiences: any}}\n"
    return (
        "issuers:\n"
        + issuer.format(first.split(maxsplit=1)[0], first.split()[1], JWKS)
        + issuer.format(second.split(maxsplit=1)[0], second.split()[1], JWKS)
        + f"policies:\n  default: {{issuers: {policy}}}\n"
    )


@pytest.mark.parametrize(
    "text,problem",
    [
        (two_issuers("a https://a", "b https://b", "[a, b]"), None),
        (two_issuers("a https://a", "b https://a", "[a]"), None),
        (
            two_issuers("a https://a", "a https://b", "[a]"),
            "3: issuers[1].name: two issuers are called 'a': expected one",
        ),
        (
            two_issuers("a https://a", "b https://a", "[a, b]"),
            (
                "5: policies.default.issuers[1]: has the same `iss` as 'a': a policy can have one "
                "of them"
            ),
        ),
        (
            two_issuers("a https://a", "b any", "[a, b]"),
            (
                "5: policies.default.issuers[1]: an issuer that takes any `iss` must be the only "
                "one of its policy"
            ),
        ),
    ],
)
def test_issuers_of_a_policy(tmp_path: Path, text: str, problem: str | None) -> None:
    """A token's `iss` must say which of a policy's issuers it is from."""
    expected = [] if problem is None else [f"jwtfast.yaml:{problem}"]
    assert problems_of(tmp_path, text) == expected


def test_no_issuers(tmp_path: Path) -> None:
    """Where there are no issuers at all, a policy's issuer is not guessed at."""
    assert problems_of(tmp_path, "issuers: []\npolicies: {default: {issuers: [corp]}}\n") == [
        "jwtfast.yaml:1: issuers: expected at least one, found an empty list",
        (
            "jwtfast.yaml:2: policies.default.issuers[0]: expected the name of an issuer, found "
            "'corp', there is none"
        ),
    ]


def test_dots_in_names(tmp_path: Path) -> None:
    """What the gate finds is told with its line, also where a policy's name has dots in it."""
    rule = "  a:\n    issuers: corp\n  a.b:\n    issuers: corp\n    require:\n      - {claim: x}\n"
    assert [text.split(": ")[:2] for text in problems_of(tmp_path, MINIMAL + rule)] == [
        ["jwtfast.yaml:13", "policies.a.b.require[0]"]
    ]


def test_one_rule_without_its_list(tmp_path: Path) -> None:
    """What the gate finds in the only rule, which may stand without its list, has its line too."""
    text = MINIMAL.replace("[corp]}", "[corp],\n    require:\n      {claim: x,\n       eq: y}}")
    assert [problem.split(": ")[:2] for problem in problems_of(tmp_path, text)] == [
        ["jwtfast.yaml:10", "policies.default.require.eq"]
    ]


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL.replace(KEYS, f"keys: {{secret: {SECRET}, algorithm: RS256}}"),
        MINIMAL.replace(KEYS, f"keys: {{secret: [{SECRET}], algorithm: HS256}}"),
        MINIMAL.replace(KEYS, f"keys: {{secret: {{a: {SECRET}}}, algorithm: HS256}}"),
        MINIMAL.replace(KEYS, f"keys: {SECRET}"),
        MINIMAL.replace(KEYS, f"keys: [{SECRET}]"),
        MINIMAL.replace(KEYS, f"keys: {{pem: {SECRET}}}"),
        MINIMAL.replace(KEYS, f"keys: {{jwk: {SECRET}}}"),
        MINIMAL.replace(KEYS, f"keys: {{jwk: {{kty: oct, k: '{SECRET}!'}}}}"),
        MINIMAL.replace(KEYS, f"keys: {{jwks: {{keys: [{SECRET}]}}}}"),
        MINIMAL.replace(KEYS, f"keys: {{secret_env: '{SECRET}'}}"),
        MINIMAL.replace(KEYS, f'keys: {{secret_file: "x\\0{SECRET}", algorithm: HS256}}'),
        MINIMAL.replace(KEYS, f"keys: {{secret: *{SECRET}}}"),
        MINIMAL.replace(KEYS, f"keys: {{secret: !{SECRET} x}}"),
        MINIMAL.replace(KEYS, f"keys: {{secret: @{SECRET}}}"),
        MINIMAL.replace(KEYS, f"keys: {{secret: '{SECRET}}}"),
        MINIMAL + f'tls: {{cert: "-----BEGIN\\n{SECRET}", key: "-----BEGIN\\n{SECRET}"}}',
        MINIMAL + f"workers: '-----BEGIN {SECRET}'",
        MINIMAL + f"workers: eyJhbGciOiJIUzI1NiJ9.{SECRET}",
    ],
)
def test_no_secret_is_told(tmp_path: Path, text: str) -> None:
    """Whatever is wrong with a key, also where YAML misread it: its text is in no error."""
    found = "\n".join(problems_of(tmp_path, text))
    assert found
    assert SECRET not in found


def test_missing_file(tmp_path: Path) -> None:
    """A configuration that is not there is told by its name."""
    path = tmp_path / "absent.yaml"
    with pytest.raises(SettingsError) as raised:
        load(path, {})
    assert str(raised.value) == f"{path}: cannot be read: No such file or directory"
