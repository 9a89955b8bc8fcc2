"""The section `revocation`: what it may say, what is told of it, and that no password is."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from jwtfast_server.config import Settings
from jwtfast_server.config_revocation import RedisPlace
from jwtfast_server.report import summary, summary_record
from tests.configs import MINIMAL, load_text, problems_of
from tests.packaging.environment import ROOT

PLACE = "jwtfast.yaml:8: revocation"
FORMS = "expected a URL such as redis://host:6379/0, rediss://host:6379/0 or unix:///run/redis.sock"


def with_section(section: str) -> str:
    """Return the minimal file with this section."""
    return f"{MINIMAL}revocation: {section}\n"


def with_redis(*, url: str = "redis://localhost", **more: str) -> str:
    """Return the minimal file with a set in Redis."""
    return with_section(json.dumps({"redis": {"url": url} | more}))


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis:///0",
        "redis://u:hunter22@",
        "http://u:hunter22@host",
        "redis://u:hunter22@host:port",
        "redis://u:hunter22@host:99999",
        "redis://u:hunter22@[::1",
        "redis://u:hunter22@ho st",
        "redis://u:hunter22@host/x",
        "redis://u:hunter22@host/0/1",
        "redis://u:hunter22@host/-1",
        "redis://u:hunter22@host/0#a",
        "rediss://u:hunter22@host?ssl_cert_reqs=none",
        "unix://u:hunter22@",
        "unix://u:hunter22@host/run/redis.sock",
        "unix:///run/redis.sock?password=hunter22",
        "hunter22",
        "",
    ],
)
def test_bad_url(tmp_path: Path, url: str) -> None:
    """It is told what a URL is, and nothing of this one; options of the client are none of it."""
    (found,) = problems_of(tmp_path, with_redis(url=url))
    assert found.startswith(f"{PLACE}.redis.url: {FORMS}")
    assert "hunter22" not in found


@pytest.mark.parametrize(
    "url, place",
    [
        ("redis://host", RedisPlace(False, "host", 6379, "", 0, None, None)),
        ("redis://host:1/2", RedisPlace(False, "host", 1, "", 2, None, None)),
        ("rediss://a%40:b%3A@host", RedisPlace(True, "host", 6379, "", 0, "a@", "b:")),
        ("redis://:b@[::1]/", RedisPlace(False, "::1", 6379, "", 0, None, "b")),
        ("unix:///a%20b?db=3", RedisPlace(False, "", 6379, "/a b", 3, None, None)),
        ("unix://a:b@/c", RedisPlace(False, "", 6379, "/c", 0, "a", "b")),
    ],
)
def test_url(url: str, place: RedisPlace) -> None:
    """Where Redis is, and who asks; to be shown without either."""
    assert RedisPlace.of(url) == place
    assert RedisPlace.of(str(place)) == place._replace(username=None, password=None)


@pytest.mark.parametrize(
    "section, problem",
    [
        ("redis://u:hunter22@host", ": expected a mapping, found something else"),
        ("{redis: 'redis://u:hunter22@host'}", ".redis: expected a mapping, found something else"),
        ("{redis: {url: 7}}", ".redis.url: expected text, found a number"),
        ("{redis: {}}", ".redis.url: must be given: `redis://"),
        ("{redis: {url: 'redis://h', password: hunter22}}", ".redis.password: unknown key, "),
        ("{redis: {url: 'redis://h', password_env: 'hunter22!'}}", ".redis.password_env: expected"),
        ("{redis: {url: 'redis://h', when_away: allow}}", ".redis.when_away: expected 'deny' or "),
        ("{redis: {url: 'redis://h', key: ''}}", ".redis.key: expected text that is not empty"),
        ("{redis: {url: 'redis://h', ca_file: jwtfast.yaml}}", ".redis: ca_file belongs to a redi"),
        ("{redis: {url: 'redis://h', ca_file: no.pem}}", ".redis.ca_file: expected a file, found"),
        (
            "{redis: {url: 'redis://:hunter22@h', password_env: X}}",
            ".redis: expected the password in one place, found it in password_env and url",
        ),
        (
            "{redis: {url: 'redis://h', password_env: X}}",
            ".redis.password_env: the environment variable X is not set, or is empty",
        ),
        (
            "{redis: {url: 'redis://h', password_file: no}}",
            ".redis.password_file: expected a file, found none at /",
        ),
        ("{file: jwtfast.yaml}", ".file: /"),
        ("{file: no.json}", ".file: expected a file, found none at /"),
        ("{}", ": expected file, redis or both, found none"),
    ],
)
def test_problem(tmp_path: Path, section: str, problem: str) -> None:
    """Each is told with its place, and never with what may be a password."""
    found = problems_of(tmp_path, with_section(section))
    assert found[0].startswith(f"{PLACE}{problem}")
    assert "hunter22" not in str(found)


def test_page(tmp_path: Path) -> None:
    """The examples of docs/revocation.md are what is read."""
    page = (ROOT / "docs" / "revocation.md").read_text()
    (section,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (revoked,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "revoked.json").write_text(revoked)
    (tmp_path / "secret").write_text("hunter22")
    text = MINIMAL + section.replace("/run/secrets/redis-password", "secret")
    assert load_text(tmp_path, text).redis_password == "hunter22"


def test_bad_list(tmp_path: Path) -> None:
    """What is wrong with the file is told at load, each entry with its index."""
    (tmp_path / "a.json").write_text('{"revoked": [{"jti": "a"}, {}, {"sub": "a", "kid": "b"}]}')
    wrong = "expected exactly one of jti, sub, kid"
    assert problems_of(tmp_path, with_section("{file: a.json}")) == [
        f"{PLACE}.file: {tmp_path}/a.json cannot be used: revoked[1]: {wrong}; revoked[2]: {wrong}"
    ]


@pytest.mark.parametrize(
    "place, env",
    [
        ({"password_file": "password"}, {}),
        # One that begins as a setting does is none.
        ({"password_env": "JWTFAST_SECRET"}, {"JWTFAST_SECRET": "hunter22 ä"}),
        ({"url": "redis://:hunter22%20%C3%A4@localhost"}, {}),
    ],
)
def test_password(tmp_path: Path, place: dict[str, str], env: dict[str, str]) -> None:
    """From a file, a variable or the URL; a worker has it, and nobody is shown it."""
    (tmp_path / "password").write_text("hunter22 ä\n")
    settings = load_text(tmp_path, with_redis(**place), env)
    handed = Settings.from_json(settings.to_json())
    assert handed.revocation
    assert handed.revocation.redis
    assert (handed.redis_password or handed.revocation.redis.place.password) == "hunter22 ä"
    record = summary_record(settings)
    assert "hunter22" not in f"{settings!r} {settings} {record} {summary(record)} {settings.notes}"


def test_summary(tmp_path: Path) -> None:
    """`check` tells the sources, and where they are."""
    (tmp_path / "a.json").write_text('{"revoked": []}')
    section = "{file: a.json, redis: {url: 'rediss://u:p@h/1', key: k, when_away: last_known}}"
    record = summary_record(load_text(tmp_path, with_section(section)))
    assert record["revocation"] == [
        {"source": "file", "place": f"{tmp_path}/a.json"},
        {"source": "redis", "place": "rediss://h:6379/1", "key": "k", "when_away": "last_known"},
    ]
    assert summary(record).splitlines()[-2:] == [
        f"  revocation file: {tmp_path}/a.json",
        "  revocation redis: rediss://h:6379/1, key k, when away last_known",
    ]
    assert summary_record(load_text(tmp_path, MINIMAL))["revocation"] == []


@pytest.mark.parametrize(
    "url, is_noted",
    [
        ("redis://redis.example", True),
        ("redis://10.0.0.1", True),
        ("redis://localhost", False),
        ("redis://127.0.0.2", False),
        ("redis://[::1]", False),
        ("rediss://redis.example", False),
        ("unix:///run/redis.sock", False),
    ],
)
def test_note(tmp_path: Path, url: str, is_noted: bool) -> None:  # noqa: FBT001 - a column
    """Whoever could hide a revoked token on the way is worth a word."""
    notes = load_text(tmp_path, with_redis(url=url)).notes
    assert [note.partition("url: ")[2][:16] for note in notes] == ["is not encrypted"] * is_noted


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is told at load, not when the first worker fails."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "jwtfast_server.revocation.reading.find_spec",
        lambda name: None if name == "redis" else found(name),
    )
    assert problems_of(tmp_path, with_redis()) == [
        f"{PLACE}.redis: needs the Python package redis: pip install 'jwtfast-server[redis]'"
    ]


def test_variables(tmp_path: Path) -> None:
    """The whole section can come from the environment; a file is found from where one stands."""
    url = {"JWTFAST_REVOCATION__REDIS__URL": "redis://:hunter22@localhost"}
    settings = load_text(tmp_path, MINIMAL, url)
    assert settings.revocation
    assert settings.revocation.redis
    assert settings.revocation.redis.place.password == "hunter22"
    assert settings.revocation.redis.when_away == "deny"


def test_a_changed_list_is_no_changed_configuration(tmp_path: Path) -> None:
    """Workers watch the list themselves; a password that changed is a changed configuration."""
    (tmp_path / "a.json").write_text('{"revoked": []}')
    (tmp_path / "password").write_text("a")
    section = "{file: a.json, redis: {url: 'redis://localhost', password_file: password}}"
    settings = load_text(tmp_path, with_section(section))
    assert sorted(settings.files) == [f"{tmp_path}/jwtfast.yaml", f"{tmp_path}/password"]
