"""The rules of an issuer that a preset brings, and those of its parameters."""

from pathlib import Path

import pytest

from tests.configs import load_text, problems_of
from tests.issuers.preset_files import expand, issuer, least

KEYCLOAK = "provider: keycloak, url: 'https://s.example', realm: r, audiences: a"


@pytest.mark.parametrize("own", ["{claim: a, is: b}", "[{claim: a, is: b}, {claim: c, is: d}]"])
def test_rules_are_added(tmp_path: Path, own: str) -> None:
    """The user's rules stand beside the provider's and take none of them away."""
    settings = load_text(tmp_path, issuer(f"{least('cognito')}, require: {own}"))
    [corp] = settings.issuers
    assert corp.require[0] == {"claim": "token_use", "is": "access"}
    assert (
        list(corp.require[1:])
        == [{"claim": "a", "is": "b"}, {"claim": "c", "is": "d"}][: own.count("claim")]
    )


def test_cognito_is_for_somebody(tmp_path: Path) -> None:
    """Where any audience is written, the claim that would tell it is compared with nothing."""
    text = issuer(least("cognito").replace("client_id: '1example23456789'", "audiences: any"))
    [problem] = problems_of(tmp_path, text)
    assert "issuers[0].audience_claim: is compared with audiences" in problem


@pytest.mark.parametrize(
    "text,rules",
    [
        ("provider: google, client_id: a, hosted_domain: x.example", [("hd", ["x.example"])]),
        (
            "provider: google, client_id: a, hosted_domain: [x.example, y.example]",
            [("hd", ["x.example", "y.example"])],
        ),
        ("provider: google, client_id: a", []),
        (
            "provider: github_actions, audiences: a, repository: o/.github, owner: o",
            [("repository", ["o/.github"]), ("repository_owner", ["o"])],
        ),
        ("provider: github_actions, audiences: a, owner: o", [("repository_owner", ["o"])]),
        (
            f"{KEYCLOAK}, client_id: web",
            [("azp", ["web"])],
        ),
    ],
)
def test_rules_of_parameters(tmp_path: Path, text: str, rules: list[tuple[str, list[str]]]) -> None:
    """A parameter that was given is a rule; one that was not asks for nothing."""
    settings = load_text(tmp_path, f"{issuer(text)}...\n")
    (found,) = settings.issuers
    assert list(found.require) == [{"claim": claim, "any": values} for claim, values in rules]
    assert [note for note in settings.notes if "provider" in note and rules] == []
    once = expand(tmp_path, issuer(text))
    assert load_text(tmp_path, once).gate_settings() == settings.gate_settings()
