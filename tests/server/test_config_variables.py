"""What a variable changes: the one place that its name means, or nothing, and then it is told."""

from pathlib import Path

import pytest

from tests.configs import MINIMAL, load_text, problems_of

BOTH = MINIMAL + (
    "  Admin: {issuers: [corp], identity: {X-User: sub}}\n  admin: {issuers: [corp]}\n"
)
ONE = MINIMAL + "  Admin: {issuers: [corp], identity: {X-User: sub}}\n"


def names(text: str, directory: Path, **env: str) -> dict[str, bool]:
    """Return which policies are in shadow mode under these variables."""
    settings = load_text(directory, text, env)
    return {name: policy.shadow for name, policy in settings.policies.items()}


@pytest.mark.parametrize("written", ["Admin", "admin"])
def test_names_are_told_apart_by_case(tmp_path: Path, written: str) -> None:
    """Where two policies differ in nothing else, a variable changes the one it is written as."""
    found = names(BOTH, tmp_path, **{f"JWTFAST_POLICIES__{written}__SHADOW": "true"})
    assert found == {"default": False, "Admin": False, "admin": False} | {written: True}


@pytest.mark.parametrize("written", ["ADMIN", "aDMIN"])
def test_a_name_that_may_mean_two(tmp_path: Path, written: str) -> None:
    """It changes neither in silence: the error names both."""
    variable = f"JWTFAST_POLICIES__{written}__SHADOW"
    assert problems_of(tmp_path, BOTH, {variable: "true"}) == [
        f"{variable}: {written} may mean Admin or admin in policies: write it as one of them"
    ]


@pytest.mark.parametrize("written", ["ADMIN", "admin", "Admin", "aDmIn"])
def test_a_name_that_means_one(tmp_path: Path, written: str) -> None:
    """Capitals, as variables have them, are enough."""
    found = names(ONE, tmp_path, **{f"JWTFAST_POLICIES__{written}__SHADOW": "true"})
    assert found == {"default": False, "Admin": True}


@pytest.mark.parametrize(
    "variable, value, problem",
    [
        (
            "JWTFAST_POLICIES__AMDIN__SHADOW",
            "true",
            "there is no AMDIN in policies, did you mean Admin?",
        ),
        (
            "JWTFAST_POLICIES__OTHER",
            "{issuers: [corp]}",
            "there is no OTHER in policies, expected one of Admin, default",
        ),
        (
            "JWTFAST_POLICIES__ADMIN__IDENTITY__X-USSER",
            "sub",
            "there is no X-USSER in policies.Admin.identity, did you mean X-User?",
        ),
        (
            "jwtfast_POLICIES__ADMIN__SHADOW",
            "true",
            "expected JWTFAST_ in capitals: it changes nothing as it is written",
        ),
        (
            "Jwtfast_log__level",
            "debug",
            "expected JWTFAST_ in capitals: it changes nothing as it is written",
        ),
    ],
)
def test_names_that_nothing_has(tmp_path: Path, variable: str, value: str, problem: str) -> None:
    """A slip hardens nothing, so it is told, with what it may have meant."""
    assert problems_of(tmp_path, ONE, {variable: value}) == [f"{variable}: {problem}"]


@pytest.mark.parametrize(
    "one, other, key",
    [
        ("LOG__LEVEL", "LOG__level", "log.level"),
        ("LOG__LEVEL", "log__LEVEL", "log.level"),
        ("REALM", "realm", "realm"),
        ("POLICIES__ADMIN__SHADOW", "POLICIES__admin__SHADOW", "policies.Admin.shadow"),
        ("POLICIES__ADMIN__SHADOW", "POLICIES__Admin__Shadow", "policies.Admin.shadow"),
        (
            "POLICIES__ADMIN__IDENTITY__X-USER",
            "POLICIES__ADMIN__IDENTITY__x-user",
            "policies.Admin.identity.X-User",
        ),
        ("ISSUERS__0__LEEWAY", "ISSUERS__0__leeway", "issuers[0].leeway"),
    ],
)
def test_two_variables_for_one_key(tmp_path: Path, one: str, other: str, key: str) -> None:
    """Which of them counts would be a matter of their spelling: it is an error."""
    first, second = sorted((f"JWTFAST_{one}", f"JWTFAST_{other}"))
    assert problems_of(tmp_path, ONE, {first: "info", second: "error"})[0] == (
        f"{second}: sets {key}, as {first} does: expected one of them"
    )


def test_a_name_where_there_are_none(tmp_path: Path) -> None:
    """Variables alone can make policies and headers, in the case that they are written in."""
    text = MINIMAL.partition("policies:")[0]
    env = {
        "JWTFAST_POLICIES__default__ISSUERS": "corp",
        "JWTFAST_POLICIES__default__IDENTITY__X-User": "sub",
    }
    settings = load_text(tmp_path, text, env)
    assert list(settings.policies) == ["default"]
    assert list(settings.policies["default"].identity) == ["X-User"]


def test_a_policy_called_identity(tmp_path: Path) -> None:
    """Its keys are keys, not names."""
    text = MINIMAL + "  identity: {issuers: [corp]}\n"
    assert names(text, tmp_path, JWTFAST_POLICIES__IDENTITY__SHADOW="true")["identity"]


def test_a_whole_and_a_part_of_it(tmp_path: Path) -> None:
    """The part lies over the whole, as ever."""
    env = {"JWTFAST_LOG": "{level: error, decisions: all}", "JWTFAST_LOG__LEVEL": "debug"}
    settings = load_text(tmp_path, ONE, env)
    assert (settings.log.level, settings.log.decisions) == ("debug", "all")
