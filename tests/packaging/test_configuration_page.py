"""`docs/configuration.md` says what the service does."""

import re
from pathlib import Path
from textwrap import indent

import pytest

from jwtfast_server import keygen
from jwtfast_server.config import SettingsError, load
from jwtfast_server.reference import tables, with_tables
from tests.configs import MINIMAL, problems_of
from tests.packaging.environment import ROOT

FILE = ROOT / "docs" / "configuration.md"
PAGE = FILE.read_text()
EXAMPLE, CEL_RULES, PRESET = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_tables_are_todays() -> None:
    """They are what the schema gives; `python -m jwtfast_server.reference FILE` writes them."""
    assert with_tables(PAGE) == PAGE
    assert tables() in PAGE


def test_every_key_is_explained() -> None:
    """No row of the tables is without its sentence."""
    rows = re.findall(r"^\| `[^`]+` \| .*$", tables(), re.MULTILINE)

    assert len(rows) > 50
    assert [row for row in rows if row.endswith("|  |")] == []


def test_the_example_is_accepted(tmp_path: Path) -> None:
    """The YAML at the top loads, given the key file that it names."""
    key = keygen.generate("ES256", None)
    jwks = next(content for name, content in key.public.items() if name.endswith(".json"))
    (tmp_path / "keys.json").write_text(jwks)
    (tmp_path / "jwtfast.yaml").write_text(EXAMPLE)

    settings = load(tmp_path / "jwtfast.yaml", {})
    assert list(settings.policies) == ["default", "admin", "open"]


def test_the_preset_is_accepted(tmp_path: Path) -> None:
    """An issuer of a provider loads as it stands."""
    policies = "policies: {default: {issuers: corp}}\n"

    assert problems_of(tmp_path, PRESET + policies) == []


RULES = re.findall(r"^\| `(\{.*?\})` \|", PAGE.partition("## Rules")[2], re.MULTILINE)
RULES = [rule for rule in RULES if rule.startswith(("{claim: c", "{scope"))]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_accepted(tmp_path: Path, rule: str) -> None:
    """Each rule of the table is one."""
    text = MINIMAL.replace("[corp]}", f"[corp], require: [{rule}]}}")

    assert problems_of(tmp_path, text) == []


def test_the_cel_rules_are_accepted(tmp_path: Path) -> None:
    """So are the expressions, each as it stands."""
    rules = indent(CEL_RULES.partition("\n")[2], "    ")
    text = MINIMAL.replace("{issuers: [corp]}", f"\n    issuers: [corp]\n    require:\n{rules}")

    assert text.count("cel: ") == 3
    assert problems_of(tmp_path, text) == []


def test_the_rules_on_requests_are_accepted(tmp_path: Path) -> None:
    """So is the policy that compares the token with its request."""
    (policies,) = re.findall(r"^```yml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    told = "original_request: {uri_header: X-Original-URL, trusted_proxies: [10.0.0.0/8]}\n"
    text = MINIMAL.partition("policies:")[0] + policies + told

    assert text.count("cel: ") == 3
    assert problems_of(tmp_path, text) == []


@pytest.mark.parametrize("operator", ["eq", "gt", "ge", "lt", "le"])
def test_every_comparison_is_accepted(tmp_path: Path, operator: str) -> None:
    """So are the comparisons, and the ways to combine rules."""
    rule = f"{{not: {{any_of: [{{all_of: [{{claim: {{name: a.b}}, {operator}: 1}}]}}]}}}}"
    text = MINIMAL.replace("[corp]}", f"[corp], require: [{rule}]}}")

    assert f"`{operator}`" in PAGE
    assert problems_of(tmp_path, text) == []


def test_an_unknown_operator_is_not(tmp_path: Path) -> None:
    """These tests would see a rule that is none."""
    path = tmp_path / "jwtfast.yaml"
    path.write_text(MINIMAL.replace("[corp]}", "[corp], require: [{claim: c, like: x}]}"))
    with pytest.raises(SettingsError, match="like"):
        load(path, {})
