"""jwtfast.yaml, variables and flags: what they become, and which wins."""

import pickle
from pathlib import Path

import orjson
import pytest

from jwtfast_server.config import Settings, SettingsError, load
from jwtfast_server.config_models import ConfigFile
from jwtfast_server.config_server import cores
from tests.configs import LEGACY, MINIMAL, WHOLE, load_text, problems_of


def test_whole(tmp_path: Path) -> None:
    """Every key is read, with its units resolved."""
    settings = load_text(tmp_path, WHOLE)
    assert str(settings.listen) == "0.0.0.0:8081"
    assert (settings.workers, settings.interface, settings.realm) == (3, "asgi", "api v2")
    assert (settings.max_token_bytes, settings.cache.max_bytes) == (8192, 0)
    assert str(settings.metrics.listen) == "127.0.0.1:9090"
    assert (settings.log.level, settings.log.decisions) == ("warning", "none")
    assert (settings.mode, settings.tls, settings.notes) == ("standard", None, ())
    assert settings.issuers[0].refresh.every == 300


def test_gate_settings(tmp_path: Path) -> None:
    """The gate is given exactly what it needs, defaults spelled out, rules as they are written."""
    found = orjson.loads(load_text(tmp_path, WHOLE).gate_settings())
    rule = {"any_of": [{"claim": "age", "ge": 18}, {"claim": "guardian", "exists": True}]}
    switches = {"optional": False, "shadow": False, "preflight": False}
    bare = {"issuers": ["corp"], "identity": {}, **switches}
    assert found == {
        "mode": "standard",
        "realm": "api v2",
        "unavailable_status": 403,
        "max_token_bytes": 8192,
        "max_identity_bytes": 7168,
        "issuers": [
            {
                "name": "corp",
                "issuer": "https://login.example.com",
                "issuer_values": None,
                "algorithms": ["ES256"],
                "audiences": None,
                "audience_claim": None,
                "rules": [],
                "identity": {},
                "leeway": {"exp": 30.0, "nbf": 30.0, "iat": 30.0},
                "max_lifetime": 86400.0,
                "token_types": ["at+jwt", "JWT"],
                "require_exp": True,
                "allow_bound": False,
            }
        ],
        "token": [
            {"header": "Authorization", "scheme": "Bearer"},
            {"header": "X-Token"},
            {"cookie": "session"},
            {"query": "t"},
        ],
        "policies": {
            "default": bare,
            "admin": bare
            | {
                "require": [
                    {"claim": "groups", "any": ["admin", "root"]},
                    {"claim": "email", "matches": ".*@example\\.com"},
                    rule,
                    {"scope": ["write"]},
                ],
                "identity": {
                    "X-User": {"claim": "sub"},
                    "X-Groups": {"claim": "groups", "as": "csv"},
                },
                "shadow": True,
                "preflight": False,
            },
        },
        "routes": [
            {"host": "admin.example.com", "policy": "admin"},
            {"path": "/public/", "methods": ["GET"], "policy": "admin"},
            {"path": "/", "policy": "default"},
        ],
        "original_request": {
            "uri_header": "X-Forwarded-Uri",
            "host_header": "X-Forwarded-Host",
            "method_header": "X-Forwarded-Method",
            "confirm_header": None,
            "confirm_required": False,
            "case": "sensitive",
            "trusted_proxies": ["10.0.0.0/8", "::1"],
        },
        "query_overrides": {"claims": True, "regexp": True, "headers": True},
    }


def test_defaults(tmp_path: Path) -> None:
    """What is left out has the defaults of the design."""
    settings = load_text(tmp_path, MINIMAL)
    assert str(settings.listen) == "0.0.0.0:8080"
    assert settings.workers == cores()
    assert (settings.realm, settings.unavailable_status) == ("api", 503)
    assert (settings.max_token_bytes, settings.cache.max_bytes) == (16384, 64 << 20)
    assert (settings.interface, settings.log.level, settings.log.decisions) == (
        "auto",
        "info",
        "denied",
    )
    gate = orjson.loads(settings.gate_settings())
    assert gate["token"] == [{"header": "Authorization", "scheme": "Bearer"}]
    assert gate["issuers"][0]["leeway"] == {"exp": 0, "nbf": 30, "iat": 30}
    assert gate["issuers"][0]["algorithms"] is None


def test_key_sets(tmp_path: Path) -> None:
    """Each issuer has its key set, by its name."""
    keys = load_text(tmp_path, MINIMAL).key_sets()["corp"] or ()
    assert [(key.kid, key.algorithms) for key in keys] == [("a", ("ES256",))]


@pytest.mark.parametrize("text", [MINIMAL, WHOLE, LEGACY])
def test_handed_to_a_worker(tmp_path: Path, text: str) -> None:
    """Settings survive JSON and pickle, and then need neither file nor variable."""
    settings = load_text(tmp_path, text)
    (tmp_path / "jwtfast.yaml").unlink()
    for copy in (Settings.from_json(settings.to_json()), pickle.loads(pickle.dumps(settings))):  # noqa: S301
        assert copy == settings
        assert copy.gate_settings() == settings.gate_settings()
        assert [len(keys or ()) for keys in copy.key_sets().values()] == [1]


def test_later_wins(tmp_path: Path) -> None:
    """The file yields to a variable, and the variable to a flag."""
    env = {"JWTFAST_LISTEN": ":2", "JWTFAST_LOG__LEVEL": "error", "JWTFAST_WORKERS": "4"}
    text = f"listen: :1\nworkers: 2\nrealm: file\n{MINIMAL}"
    settings = load_text(tmp_path, text, env, {"listen": ":3", "log.level": None})
    assert settings.listen.port == 3
    assert (settings.workers, settings.realm, settings.log.level) == (4, "file", "error")


@pytest.mark.parametrize(
    "variable,value,key,expected",
    [
        ("JWTFAST_WORKERS", "auto", "workers", cores()),
        ("JWTFAST_REALM", "007", "realm", "007"),
        ("JWTFAST_REALM", "on", "realm", "on"),
        ("JWTFAST_REALM", "[", "realm", "["),
        ("JWTFAST_REALM", "", "realm", "api"),
        ("JWTFAST_UNAVAILABLE_STATUS", "403", "unavailable_status", 403),
        ("JWTFAST_MAX_TOKEN_BYTES", "4KiB", "max_token_bytes", 4096),
        ("JWTFAST_LISTEN", "[::1]:8080", "listen", "[::1]:8080"),
        ("JWTFAST_LOG", "{level: error}", "log", {"level": "error", "decisions": "denied"}),
        ("JWTFAST_METRICS__LISTEN", "null", "metrics", {"listen": None}),
        ("JWTFAST_RELOAD__WATCH", "false", "reload", {"watch": False, "require_end": False}),
        # What Kubernetes sets beside services called jwtfast and jwtfast-metrics.
        ("JWTFAST_SERVICE_HOST", "10.0.0.1", "realm", "api"),
        ("JWTFAST_SERVICE_PORT_HTTP", "80", "realm", "api"),
        ("JWTFAST_PORT", "tcp://10.0.0.1:80", "realm", "api"),
        ("JWTFAST_PORT_80_TCP_ADDR", "10.0.0.1", "realm", "api"),
        ("JWTFAST_METRICS_PORT_80_TCP", "tcp://10.0.0.1:80", "realm", "api"),
        ("JWTFAST_CONFIG", "elsewhere.yaml", "realm", "api"),
    ],
)
def test_variables(tmp_path: Path, variable: str, value: str, key: str, expected: object) -> None:
    """A variable is text that its setting reads, or YAML in braces; others' names are let be."""
    settings = load_text(tmp_path, MINIMAL, {variable: value})
    assert settings.model_dump(mode="json")[key] == expected


def test_variables_reach_into_lists(tmp_path: Path) -> None:
    """A number in a variable's name is an index, and a key is found whatever its case."""
    text = MINIMAL.replace("default:", "Admin: {issuers: [corp]}\n  default:")
    env = {
        "JWTFAST_ISSUERS__0__ISSUER": "https://other.example.com",
        "JWTFAST_POLICIES__ADMIN__SHADOW": "true",
    }
    settings = load_text(tmp_path, text, env)
    assert settings.issuers[0].iss == "https://other.example.com"
    assert settings.policies["Admin"].shadow


@pytest.mark.parametrize(
    "variable,value,problem",
    [
        ("JWTFAST_LISTN", ":1", "unknown setting, did you mean JWTFAST_LISTEN?"),
        ("JWTFAST_LOG_LEVEL", "info", "unknown setting, did you mean JWTFAST_LOG__LEVEL?"),
        ("JWTFAST_WORKERS", "many", "expected a whole number, found 'many'"),
        ("JWTFAST_LOG__LEVL", "info", "unknown key, did you mean level?"),
        ("JWTFAST_LOG", "{levl: info}", "log.levl: unknown key, did you mean level?"),
        ("JWTFAST_REALM__X", "1", "realm: expected text, found a mapping"),
        ("JWTFAST_ISSUERS__1__LEEWAY", "1s", "there is no issuers[1] to set it in"),
        ("JWTFAST_ISSUERS__X", "1", "there is no issuers.x to set"),
        ("JWTFAST_ISSUERS__1", "{}", "there is no issuers[1] to set"),
        ("JWTFAST_ISSUERS__0__NAME__X", "1", "there is no issuers[0].name.x to set"),
    ],
)
def test_variable_problems(tmp_path: Path, variable: str, value: str, problem: str) -> None:
    """What is wrong with a variable is told with its name as the place."""
    assert problems_of(tmp_path, MINIMAL, {variable: value}) == [f"{variable}: {problem}"]


def test_a_secret_may_have_our_prefix(tmp_path: Path) -> None:
    """A variable that a key source names is no setting, whatever it is called."""
    text = MINIMAL.replace("{jwks: ", "{secret_env: JWTFAST_SECRET, algorithm: HS256} #")
    secret = "an-hmac-secret-of-at-least-32-octets"
    settings = load_text(tmp_path, text, {"JWTFAST_SECRET": secret})
    assert settings.material["corp"][0].content == secret.encode()


def test_an_alias_is_a_copy(tmp_path: Path) -> None:
    """A variable changes the place that it names, not those that were written with its anchor."""
    text = f"""{MINIMAL.replace("default: {", "default: &p {")}  other: *p\n"""
    settings = load_text(tmp_path, text, {"JWTFAST_POLICIES__OTHER__SHADOW": "true"})
    assert {name: policy.shadow for name, policy in settings.policies.items()} == {
        "default": False,
        "other": True,
    }


def test_flag_without_its_place(tmp_path: Path) -> None:
    """A flag that has nowhere to go, because the file is wrong there, is not left out silently."""
    (tmp_path / "jwtfast.yaml").write_text(f"log: loud\n{MINIMAL}")
    with pytest.raises(SettingsError) as raised:
        load(tmp_path / "jwtfast.yaml", {}, {"log.level": "info"})
    assert [str(problem).rpartition("/")[2] for problem in raised.value.problems] == [
        "--log-level: there is no log.level to set",
        "jwtfast.yaml:1: log: expected a mapping, found 'loud'",
    ]


def test_flag_problems(tmp_path: Path) -> None:
    """What is wrong with a flag is told with its name, also where that is not the key's."""
    path = tmp_path / "jwtfast.yaml"
    path.write_text(MINIMAL)
    overrides = {"listen": "80", "log.level": "loud", "workers": 0}
    with pytest.raises(SettingsError) as raised:
        load(path, {}, overrides, flags={"listen": "--addr"})
    assert [str(problem).split(": expected")[0] for problem in raised.value.problems] == [
        "--addr",
        "--workers",
        "--log-level",
    ]


def test_paths_start_where_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path in the file starts at the file's folder; one in a flag, at the current folder."""
    here, there = tmp_path / "here", tmp_path / "there"
    for directory in (here, there):
        directory.mkdir()
        (directory / "tls.pem").write_text("x")
    monkeypatch.chdir(here)
    text = f"tls: {{cert: tls.pem, key: tls.pem}}\n{MINIMAL}"
    settings = load_text(there, text, {}, {"tls.key": "tls.pem"})
    assert settings.tls is not None
    assert (settings.tls.cert, settings.tls.key) == (str(there / "tls.pem"), str(here / "tls.pem"))


@pytest.mark.parametrize(
    "content,limit",
    [("50000 100000", 1), ("150000 100000", 2), ("max 100000", 10**6), ("", 10**6), (None, 10**6)],
)
def test_cores(tmp_path: Path, content: str | None, limit: int) -> None:
    """A container's quota of processor time bounds the workers, rounded up."""
    quota = tmp_path / "cpu.max"
    if content is not None:
        quota.write_text(content)
    assert cores(quota) == min(cores(tmp_path / "absent"), limit)


def test_schema() -> None:
    """The JSON Schema has every key of the file, and accepts no others."""
    schema = ConfigFile.schema_document()
    assert schema["additionalProperties"] is False
    assert {"listen", "issuers", "policies", "token", "routes"} <= set(schema["properties"])
    assert schema["required"] == ["issuers", "policies"]
    assert "from" in schema["$defs"]["Token"]["properties"]
    policy = schema["$defs"]["Policy"]["properties"]
    assert [kind["type"] for kind in policy["issuers"]["anyOf"]] == ["string", "array"]


SECRET = "YW4taG1hYy1zZWNyZXQtb2YtYXQtbGVhc3QtMzItb2N0ZXRz"


@pytest.mark.parametrize(
    "keys",
    [
        f"{{secret: {SECRET}, algorithm: HS256}}",
        f"{{jwk: {{kty: oct, alg: HS256, k: {SECRET}}}}}",
        f"{{jwks: {{keys: [{{kty: oct, alg: HS256, k: {SECRET}}}]}}}}",
    ],
)
def test_secrets_are_not_shown(tmp_path: Path, keys: str) -> None:
    """The text of settings, as a debugger or a careless log has it, shows no key."""
    settings = load_text(tmp_path, MINIMAL.replace("keys: ", f"keys: {keys} #"))
    assert SECRET.encode() in settings.material["corp"][0].content
    assert SECRET not in f"{settings!r} {settings}"
