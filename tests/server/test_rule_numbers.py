"""Numbers of the configuration reach the gate with every digit, on each way that they can take."""

from pathlib import Path

import pytest

import jwtfast
from jwtfast_server.config import Settings
from tests.configs import MINIMAL, load_text, problems_of
from tests.forge import ISSUER, NOW, claims, compact
from tests.verdict import ACCEPTED

DEFAULT = "  default: {issuers: [corp]}"
LARGE = 10**30 + 1
NESTED = "require: [{not: {any_of: [{claim: n, any: [-LARGE, 5]}]}}, {claim: n, le: LARGE}]"


def verdicts(settings: Settings) -> list[float]:
    """The numbers near the large one that pass."""
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    return [
        number
        for number in (LARGE - 1, LARGE, LARGE + 1, 1e30)
        if _passes(gate, compact("ES256", claims(n=number), {"kid": "a"}))
    ]


def _passes(gate: jwtfast.Gate, token: str) -> bool:
    headers = [("authorization", f"Bearer {token}")]
    decision = gate.decide(None, "GET", "", headers, peer="127.0.0.1", now=NOW)
    return (decision.code or ACCEPTED) == ACCEPTED


def with_rules(rules: str) -> str:
    """The smallest file with these members of its policy."""
    assert DEFAULT in MINIMAL
    text = MINIMAL.replace(DEFAULT, f"  default: {{issuers: [corp], {rules}}}")
    return text.replace("https://login.example.com", ISSUER)


@pytest.mark.parametrize(
    "rules,passing",
    [
        (f"require: [{{claim: n, is: {LARGE}}}]", [LARGE]),
        (f"require: {{claim: n, any: [x, {LARGE}]}}", [LARGE]),
        (f"require: {{claim: n, lt: {LARGE}}}", [LARGE - 1]),
        ("require: {claim: n, eq: 1e30}", [1e30]),
        (NESTED.replace("LARGE", str(LARGE)), [LARGE - 1, LARGE]),
    ],
)
def test_from_the_file(tmp_path: Path, rules: str, passing: list[int]) -> None:
    """YAML, Python, JSON and Rust carry it whole; a worker's copy of the settings does too."""
    settings = load_text(tmp_path, with_rules(rules))

    assert verdicts(settings) == passing
    assert verdicts(Settings.from_json(settings.to_json())) == passing


@pytest.mark.parametrize(
    "name,value",
    [
        ("JWTFAST_POLICIES__DEFAULT__REQUIRE", f"[{{claim: n, is: {LARGE}}}]"),
        ("JWTFAST_POLICIES__DEFAULT__REQUIRE__0", f"{{claim: n, is: {LARGE}}}"),
        ("JWTFAST_POLICIES__DEFAULT__REQUIRE__0__ANY", f"[{LARGE}]"),
    ],
)
def test_from_a_variable(tmp_path: Path, name: str, value: str) -> None:
    """A variable that holds YAML is no other way."""
    text = with_rules("require: [{claim: n, exists: true}]")
    assert verdicts(load_text(tmp_path, text, {name: value})) == [LARGE]


@pytest.mark.parametrize(
    "text",
    [
        with_rules("require: [{claim: n, is: 1e400}]"),
        with_rules(f"require: [{{claim: n, is: {'9' * 400}}}]"),
        with_rules(f"optional: {LARGE}"),
        MINIMAL + f"max_token_bytes: {LARGE}\n",
    ],
)
def test_where_no_such_number_can_be(tmp_path: Path, text: str) -> None:
    """No number is beyond a double, and outside of rules none beyond 64 bits: told, not rounded."""
    found = problems_of(tmp_path, text)
    assert len(found) == 1
    assert "expected a number of at most 64 bits; quote it as text?" in found[0]


def test_contains_is_explained(tmp_path: Path) -> None:
    """Where a text is looked for, `check` says that `contains` means an element of a list."""
    rules = (
        "require: [{claim: g, contains: admin}, {claim: g, contains: 5}, {claim: g, substring: x},"
        " {not: {any_of: [{claim: h, contains: b}]}}]"
    )
    settings = load_text(tmp_path, with_rules(rules))
    places = [note.partition(": means an element")[0] for note in settings.notes]
    assert [place.rpartition(": ")[2] for place in places] == [
        "policies.default.require[0].contains",
        "policies.default.require[3].not.any_of[0].contains",
    ]
    assert all("write substring" in note for note in settings.notes)
