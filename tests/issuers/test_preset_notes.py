"""What `check` notes of presets: rules without which others' tokens pass too."""

from pathlib import Path

import pytest

from tests.configs import load_text, problems_of
from tests.issuers.imitation import NAMES, Imitation
from tests.issuers.pages import shown

GITHUB = "provider: github_actions, audiences: a"
CLIENTS = "with audiences: any, tokens of each of its clients pass: add a rule on azp or client_id"
REPOSITORIES = "every repository on GitHub gets tokens for the audience that it asks for: add a ru"
KEYCLOAK = "provider: keycloak, url: 'https://sso.example', realm: acme"
ANYBODY = f"{KEYCLOAK}, audiences: any"
GOOGLE = "provider: google, client_id: a"
GITLAB = "provider: gitlab, audiences: a"


def notes_of(directory: Path, issuer: str, rules: str = "") -> list[str]:
    """The notes of one issuer and one policy."""
    text = (
        f"issuers:\n  - {{name: corp, {issuer}}}\n"
        f"policies:\n  default: {{issuers: corp{rules and f', require: {rules}'}}}\n...\n"
    )
    return [note.rpartition("policies.default: ")[2] for note in load_text(directory, text).notes]


@pytest.mark.parametrize(
    "issuer,rules,expected",
    [
        (GITHUB, "", f"provider github_actions: {REPOSITORIES}"),
        (GITHUB, "[{claim: event_name, is: push}]", f"provider github_actions: {REPOSITORIES}"),
        (
            GITHUB,
            "[{cel: \"claims.actor == 'repository'\"}]",
            f"provider github_actions: {REPOSITORIES}",
        ),
        (GITHUB, "[{claim: repository, is: a/b}]", None),
        (GITHUB, "{claim: {name: repository_id}, is: '1'}", None),
        (GITHUB, "[{any_of: [{claim: sub, is: a}, {claim: sub, is: b}]}]", None),
        (GITHUB, "[{cel: \"claims.repository_owner == 'a'\"}]", None),
        (GITHUB, "[{cel: \"claims['repository_owner'] == 'a'\"}]", None),
        (f"{GITHUB}, enterprise: octo", "", None),
        (
            GOOGLE,
            "",
            "provider google: everybody with a Google account",
        ),
        (GOOGLE, "[{claim: /hd, is: example.com}]", None),
        (
            "provider: gitlab, audiences: a",
            "",
            "provider gitlab: every project on gitlab.com gets",
        ),
        (f"{GITLAB}, url: 'https://git.example'", "", None),
        (
            ANYBODY,
            "[{claim: typ, is: Bearer}]",
            f"provider keycloak: {CLIENTS}",
        ),
        (f"{KEYCLOAK}, audiences: any", "[{claim: azp, is: web}]", None),
        (f"{KEYCLOAK}, audiences: api", "", None),
    ],
)
def test_notes(tmp_path: Path, issuer: str, rules: str, expected: str | None) -> None:
    """A policy without such a rule is noted, and one with it, wherever in it, is not."""
    found = notes_of(tmp_path, issuer, rules)
    assert [note[: len(expected or "")] for note in found] == (
        [] if expected is None else [expected]
    )


@pytest.mark.parametrize("name", [one for one in NAMES if "preset" in Imitation(one).forms])
def test_the_pages_are_without_notes(tmp_path: Path, name: str) -> None:
    """No page shows a file that lets others in."""
    (tmp_path / "ca.pem").touch()
    text = shown(Imitation(name)).replace(
        "provider: kubernetes", "provider: kubernetes, refresh: {ca_file: ca.pem}"
    )
    assert [note for note in load_text(tmp_path, text).notes if "provider" in note] == []


ANY = ["null", "1", "1.5", "true", "", "[a, 1]", "{}", "{a: b}", "''", "a b", "'{tenant}'"]


@pytest.mark.parametrize("value", ANY)
@pytest.mark.parametrize(
    "key", ["provider", "tenant", "version", "audiences", "issuer", "refresh", "name"]
)
def test_any_value(tmp_path: Path, key: str, value: str) -> None:
    """Whatever stands at a key of a preset: it loads, or is told; nothing else is raised."""
    given = {
        "name": "corp",
        "provider": "entra",
        "tenant": "00000000-0000-0000-0000-000000000001",
        "audiences": "a",
    } | {key: value}
    inner = ", ".join(f"{name}: {text}" for name, text in given.items())
    text = f"issuers: [{{{inner}}}]\npolicies: {{default: {{issuers: corp}}}}\n"
    found = problems_of(tmp_path, text)
    assert all(problem.startswith("jwtfast.yaml:") for problem in found)
    assert found or key in {"audiences", "refresh"}
