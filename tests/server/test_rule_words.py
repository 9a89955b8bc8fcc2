"""`contains` is an element of a list, `substring` a part of a text; neither is the other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

import jwtfast
from tests.configs import MINIMAL, problems_of
from tests.forge import NOW, claims, compact
from tests.verdict import gate_settings, key

VALUES: Final[Mapping[str, Any]] = {
    "the word": "admin",
    "a longer text": "nonadmin",
    "another text": "dev",
    "another case": "ADMIN",
    "no characters": "",
    "its list": ["admin"],
    "a list with it": ["dev", "admin"],
    "a list of longer texts": ["nonadmin"],
    "a list without it": ["dev"],
    "no elements": [],
    "a list in a list": [["admin"]],
    "a mapping": {"admin": True},
    "a number": 5,
    "a boolean": True,
    "a null": None,
    "nothing": ...,
}
HOLDS: Final = {
    "contains": {"its list", "a list with it"},
    "substring": {"the word", "a longer text"},
}
TELLS: Final = {
    "contains": {
        "a list of longer texts",
        "a list without it",
        "no elements",
        "a list in a list",
        "a null",
        "nothing",
    },
    "substring": {"another text", "another case", "no characters", "a null", "nothing"},
}
"""For which values each operator is known not to hold: these pass its opposite, and no other."""


@pytest.mark.parametrize("operator", ["contains", "substring"])
@pytest.mark.parametrize("name", list(VALUES))
def test_what_holds(operator: str, name: str) -> None:
    """Each holds for its own type; of another type neither it nor its opposite does."""
    rule = {"claim": "groups", operator: "admin"}
    never = {"claim": "sub", "is": "nobody"}
    policies = {
        policy: {"issuers": ["corp"], "require": [require]}
        for policy, require in {
            "plain": rule,
            "not": {"not": rule},
            "none of": {"not": {"any_of": [never, rule]}},
            "not all": {"not": {"all_of": [rule, {"not": never}]}},
        }.items()
    }
    gate = jwtfast.Gate(gate_settings(policies=policies), {"corp": jwtfast.KeySet([key("HS256")])})
    bearer = compact("HS256", claims(groups=VALUES[name]))
    headers = [("authorization", f"Bearer {bearer}")]

    passing = {
        policy
        for policy in policies
        if gate.decide(policy, "GET", "", headers, peer="127.0.0.1", now=NOW).status == 200
    }
    expected = {"plain"} if name in HOLDS[operator] else set()
    if name in TELLS[operator]:
        expected = {"not", "none of", "not all"}
    assert passing == expected


@pytest.mark.parametrize(
    "value,problem",
    [
        ("''", "expected a text, found an empty one, which every text has"),
        ("5", "expected a text, found a number"),
        ("[a]", "expected a text, found a list"),
        ("null", "expected a text, found nothing"),
    ],
)
def test_what_is_no_part(tmp_path: Path, value: str, problem: str) -> None:
    """A part that every text has, or none, is refused at load."""
    policy = f"  default: {{issuers: [corp], require: [{{claim: a, substring: {value}}}]}}"
    found = problems_of(tmp_path, MINIMAL.replace("  default: {issuers: [corp]}", policy))
    assert [text.partition("substring: ")[2] for text in found] == [problem]
