"""Each imitated provider: its good token passes, and what is nearly one does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.issuers.attempts import EVERY, Attempt
from tests.issuers.imitation import NAMES, Imitation
from tests.issuers.running import Running, settings_of
from tests.issuers.world import World


def marked(one: Imitation, missing: str | None = None) -> list[pytest.MarkDecorator]:
    """What cannot work yet is expected to fail, until somebody builds it."""
    reason = one.missing or missing
    return [pytest.mark.xfail(strict=True, reason=reason)] if reason else []


def run(one: Imitation, world: World, directory: Path, form: str = "configuration") -> Running:
    """A gate of the provider's configuration."""
    world.stands = one
    return Running(settings_of(one.data[form], one, world, directory))


@pytest.fixture(scope="module")
def asked(
    request: pytest.FixtureRequest, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Imitation, Running]]:
    """One provider, and a gate that has its keys."""
    name, form = request.param
    one = Imitation(name)
    with run(one, world, tmp_path_factory.mktemp("issuer"), form) as running:
        yield one, running


@pytest.mark.parametrize(
    "asked,attempt",
    [
        pytest.param(
            (name, form),
            attempt,
            id=f"{name}-{form}-{attempt.what}",
            marks=marked(
                Imitation(name),
                attempt.missing or (attempt.preset_misses if form == "preset" else None),
            ),
        )
        for name, form, attempt in EVERY
    ],
    indirect=["asked"],
)
def test_answer(asked: tuple[Imitation, Running], attempt: Attempt) -> None:
    """The good token passes with its identity; any other is denied for its reason."""
    one, running = asked
    token = one.token(attempt.claims, attempt.header, attempt.key)

    decision = running.decide(one.headers(token))
    assert (decision.status, decision.code is None) == (attempt.status, attempt.status == 200)
    assert not attempt.codes or decision.code in attempt.codes
    told = {name: value for name, value in decision.headers if name in one.data["identity"]}
    assert told == (one.data["identity"] if attempt.status == 200 else {})


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=marked(Imitation(name)))
        for name in NAMES
        if Imitation(name).has_remote_keys
    ],
)
def test_rotation(world: World, tmp_path: Path, name: str) -> None:
    """A new key is fetched when a token names it; the one that was withdrawn passes no more."""
    one = Imitation(name)
    with run(one, world, tmp_path) as running:
        before, after = one.headers(one.token()), one.headers(one.token(key="rotated"))
        assert running.decide(before).status == 200
        assert running.decide(after).code == "unknown_key"
        one.rotated = True
        assert running.decide(after).code == "unknown_key"
        running.ask_for_unknown_key()
        assert running.decide(after).status == 200
        assert running.decide(before).code == "unknown_key"
