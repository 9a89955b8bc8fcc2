"""A configuration that is cut off, or not written to its end yet, is never served."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
import structlog
import yaml

from jwtfast_server.config import Settings
from tests.configs import JWKS, LEGACY
from tests.server.watching import (
    EXPRESSION,
    ISSUERS,
    NEW_POLICY,
    POLICIES,
    ROUTES,
    WHOLE,
    Watch,
    data_of,
)

# What is served, and what is written in its place.
CHANGES: Final = {
    "another value": (WHOLE, WHOLE.replace("[admin]", "[root]")),
    "routes before all": (
        ROUTES + WHOLE,
        ROUTES.replace("policy: admin", "policy: default") + WHOLE,
    ),
    "routes at the end": (
        WHOLE + ROUTES,
        WHOLE + ROUTES.replace("policy: admin", "policy: default"),
    ),
    "a new policy in the middle": (ISSUERS + ROUTES + POLICIES, WHOLE + NEW_POLICY + ROUTES),
    "a new policy at the end": (WHOLE, WHOLE + NEW_POLICY + "...\n"),
    "a new rule": (WHOLE, WHOLE + "      - {claim: x, any: [y]}\n"),
    "another order": (WHOLE, POLICIES + ISSUERS),
    "a longer expression": (
        ISSUERS + EXPRESSION.replace("7", "7 && claims.a == 1"),
        ISSUERS + EXPRESSION + "...\n",
    ),
    "rules before others": (
        WHOLE,
        WHOLE.replace("require:\n", "require:\n      - {claim: groups, any: [all]}\n") + "...\n",
    ),
    "with its mark": (WHOLE + "...\n", WHOLE.replace("[admin]", "[root]") + "...\n"),
    "comments": (WHOLE, WHOLE.replace("policies:", "# a: b\npolicies: # c") + "# d\n"),
    "another file's format": (LEGACY, LEGACY.replace("hq", "here")),
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep what is logged out of the way."""
    with structlog.testing.capture_logs():
        yield


def in_place(path: Path, content: bytes) -> None:
    """Write as `>` does."""
    path.write_bytes(content)


def made_anew(path: Path, content: bytes) -> None:
    """Take the file away and write another one under its name, as some editors do."""
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("write", [in_place, made_anew])
@pytest.mark.parametrize("change", CHANGES)
def test_every_prefix(tmp_path: Path, change: str, write: Callable[[Path, bytes], None]) -> None:
    """Cut at any byte and left so for an hour: what was served is served, or the whole."""
    before, after = CHANGES[change]
    expected = [data_of(before, tmp_path), data_of(after, tmp_path)]
    watch = Watch(tmp_path, before)
    content = after.encode()
    # Where only one line differs, the end of each line and its neighbours are enough.
    ends = {at + step for at, byte in enumerate(content) if byte == 10 for step in (-1, 0, 1, 2)}
    for end in sorted(at for at in ends if at <= len(content)):
        write(watch.path, content[:end])
        watch.reload.look()
        for seconds in (1.9, 3, 3600, 1):
            watch.clock.advance(seconds)
            watch.reload.look()
            assert watch.served in expected, content[:end].decode()
    watch.wait(12)
    assert watch.served == expected[1]


def test_every_byte_of_one(tmp_path: Path) -> None:
    """Not at the ends of lines alone."""
    before, after = CHANGES["another value"]
    expected = [data_of(before, tmp_path), data_of(after, tmp_path)]
    watch = Watch(tmp_path, before)
    content = after.encode()
    for end in range(len(content) - 600, len(content)):
        in_place(watch.path, content[:end])
        watch.reload.look()
        watch.clock.advance(3)
        watch.reload.look()
        assert watch.served in expected, content[:end].decode()


def test_an_end_that_is_new(tmp_path: Path) -> None:
    """Where nothing is lost but the last words are others, a text has five seconds to go on."""
    watch = Watch(tmp_path, WHOLE)
    whole = watch.served
    cut = WHOLE.replace("[write]", "[read]")
    watch.path.write_text(cut)
    watch.wait(4.5)
    assert watch.served == whole
    watch.path.write_text(cut + "      - {scope: [all]}\n")
    watch.wait(4.5)
    assert watch.served == whole
    watch.wait(1)
    assert watch.served == data_of(cut + "      - {scope: [all]}\n", tmp_path)


@pytest.mark.parametrize(
    "added",
    [
        "    require:\n      - {claim: groups, any: [admin]}\n",
        "    require:\n      - claim: groups\n        any: [admin]\n",
        "    identity:\n      X-User: sub\n",
    ],
)
def test_what_a_policy_asks_for_now(tmp_path: Path, added: str) -> None:
    """Rules at the end of the last policy are served without a mark: less of them is no less."""
    text = ISSUERS + "policies:\n  default:\n    issuers: [corp]\n"
    watch = Watch(tmp_path, text)
    watch.path.write_text(text + added)
    watch.wait(6)
    assert watch.served == data_of(text + added, tmp_path)


@pytest.mark.parametrize("pause", [0.1, 0.5, 1.0, 1.9])
def test_a_writer_that_pauses(tmp_path: Path, pause: float) -> None:
    """Whatever the text says of itself: what goes on within two seconds is not read meanwhile."""
    before = WHOLE + "...\n"
    weaker = WHOLE.partition("    require:")[0] + "...\n"
    watch = Watch(tmp_path, before)
    whole = data_of(before, tmp_path)
    for _ in range(10):
        in_place(watch.path, weaker.encode())
        watch.wait(pause)
        assert watch.served == whole
        in_place(watch.path, before.encode())
        watch.wait(pause)
    assert watch.served == whole
    assert [watch.count(result) for result in ("success", "failure", "held")] == [0, 0, 0]


WEAKER: Final = {
    "rules": lambda data: data["policies"]["admin"].pop("require"),
    "a rule": lambda data: data["policies"]["admin"]["require"].pop(),
    "a policy": lambda data: data["policies"].pop("other"),
    "an identity header": lambda data: data["policies"]["admin"]["identity"].pop("X-User"),
    "a route": lambda data: data["routes"].pop(0),
    "all routes": lambda data: data.pop("routes"),
    "algorithms": lambda data: data["issuers"][0].pop("algorithms"),
    "token types": lambda data: data["issuers"][0].pop("token_types"),
    "the longest lifetime": lambda data: data["issuers"][0].pop("max_lifetime"),
    "a value": lambda data: data["issuers"][0].update(max_lifetime=None),
    "the log": lambda data: data.pop("log"),
}


@pytest.mark.parametrize("lost", WEAKER)
def test_what_is_lost(tmp_path: Path, lost: str) -> None:
    """A text that may be cut off and has less is held: until SIGHUP, or until it has its mark."""
    text = "log: {level: info}\n" + WHOLE + NEW_POLICY + ROUTES + "...\n"
    data = yaml.safe_load(text)
    WEAKER[lost](data)
    weaker = yaml.safe_dump(data)
    watch = Watch(tmp_path, text)
    whole = watch.served
    watch.path.write_text(weaker)
    watch.wait(3)
    watch.wait(3)
    assert watch.served == whole
    assert (watch.count("held"), watch.count("failure")) == (1, 0)
    watch.reload.load(confirmed=True)
    assert watch.served == data
    watch.path.write_text(text)
    watch.wait(3)
    watch.path.write_text(weaker + "...\n")
    watch.wait(3)
    assert watch.served == data
    assert (watch.count("held"), watch.count("success")) == (1, 3)


def test_what_is_held_is_told_once(tmp_path: Path) -> None:
    """With each thing that is gone; what comes after it is served as ever."""
    watch = Watch(tmp_path, WHOLE)
    with structlog.testing.capture_logs() as lines:
        watch.path.write_text(ISSUERS + "policies:\n  default:\n    issuers: [corp]\n")
        watch.wait(30)
    (held,) = lines
    assert held["log_level"] == "error"
    assert held["reasons"] == [
        "policies.default.require is gone",
        "policies.admin is gone",
    ]
    watch.path.write_text(WHOLE)
    watch.wait(12)
    assert (watch.count("held"), watch.count("success")) == (1, 1)


@pytest.mark.parametrize("mark", ["...\n", "..."])
def test_required_end(tmp_path: Path, mark: str) -> None:
    """Asked for, a file without its mark is refused: at the start, and by SIGHUP too."""
    asks = "reload: {require_end: true}\n"
    watch = Watch(tmp_path, asks + WHOLE + mark)
    whole = watch.served
    for text in (asks + WHOLE, WHOLE, (asks + WHOLE)[:-1]):
        watch.path.write_text(text)
        watch.wait(3)
        watch.reload.load(confirmed=True)
    assert watch.served == whole
    assert (watch.count("failure"), watch.count("success")) == (6, 0)
    watch.path.write_text(WHOLE + mark)
    watch.wait(3)
    assert watch.served == data_of(WHOLE, tmp_path)


def test_a_secret_that_is_cut(tmp_path: Path) -> None:
    """A shorter secret is held, too: it is one that is easier to guess."""
    secret = tmp_path / "secret"
    secret.write_text("s" * 64)
    text = ISSUERS.replace(JWKS, "x").replace("jwks: x", "secret_file: secret, algorithm: HS256")
    text = text.replace("[ES256]", "[HS256]") + POLICIES + "...\n"
    watch = Watch(tmp_path, text)
    (before,) = watch.reload.settings.material["corp"]
    for size in (32, 40, 63):
        secret.write_text("s" * size)
        watch.wait(9)
        assert watch.reload.settings.material["corp"] == (before,)
    assert watch.count("held") == 3
    secret.write_text("t" * 64)
    watch.wait(3)
    assert watch.reload.settings.material["corp"] != (before,)


def test_a_file_that_is_new(tmp_path: Path) -> None:
    """One that only the new configuration names is not read before it was the same for a while."""
    watch = Watch(tmp_path, WHOLE)
    secret = tmp_path / "secret"
    secret.write_text("s" * 32)
    text = ISSUERS.replace(JWKS, "x").replace("jwks: x", "secret_file: secret, algorithm: HS256")
    text = text.replace("[ES256]", "[HS256]") + POLICIES + "...\n"
    (tmp_path / "new").write_text(text)
    (tmp_path / "new").rename(watch.path)
    for size in (33, 40, 63, 64):
        watch.wait(1)
        secret.write_text("s" * size)
        assert watch.count("success") == 0
    watch.wait(3)
    (material,) = watch.reload.settings.material["corp"]
    assert (material.content, watch.count("success")) == (b"s" * 64, 1)


def test_a_change_between_look_and_load(tmp_path: Path) -> None:
    """What was read is served only where it is what was the same for a while."""
    watch = Watch(tmp_path, WHOLE)
    whole, read = watch.served, watch.read
    watch.path.write_text(WHOLE.replace("[admin]", "[root]"))

    def late() -> Settings:
        watch.path.write_text(WHOLE.replace("[admin]", "[other]"))
        return read()

    watch.reload._load = late
    watch.wait(4)
    assert (watch.served, watch.count("success")) == (whole, 0)
    watch.reload._load = read
    watch.wait(3)
    assert watch.count("success") == 1
