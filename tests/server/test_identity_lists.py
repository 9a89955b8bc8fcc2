"""Lists in identity headers that lose nothing, and what is told where they cannot be sent."""

import json
from typing import Final
from urllib.parse import unquote, unquote_plus

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

import jwtfast
from jwtfast import Decision
from jwtfast_server.log import DecisionLog
from tests.conftest import Serve
from tests.forge import NOW, claims, compact
from tests.processes import Server, until
from tests.server.conftest import DOORS
from tests.settings import token
from tests.verdict import gate_settings, key

FORMS: Final = ("csv", "csv_percent", "sf_list", "json", "base64")
ASCII: Final = "".join(map(chr, range(0x20, 0x7F)))
Element = st.text(max_size=12) | st.text(',%"\\ +;=\r\n\0a', max_size=6)


def gate() -> jwtfast.Gate:
    """Return a gate with a policy for each form."""
    policies = {
        form: {"issuers": ["corp"], "identity": {"X-Groups": {"claim": "groups", "as": form}}}
        for form in FORMS
    }
    document = gate_settings(policies=policies)
    return jwtfast.Gate(document, {"corp": jwtfast.KeySet([key("HS256")])})


GATE: Final = gate()


def decided(policy: str, **changes: object) -> Decision:
    """Return the decision on a token with these claims."""
    bearer = f"Bearer {compact('HS256', claims(**changes))}"
    return GATE.decide(policy, "GET", "", [("authorization", bearer)], now=NOW)


def sent(form: str, groups: object) -> str | None:
    """Return the header that carries a claim in a form, None where it is refused."""
    decision = decided(form, groups=groups)
    if decision.status == 403:
        assert decision.code == "invalid_claim"
        return None
    value = dict(decision.headers)["x-groups"]
    assert value.isascii()
    assert value == "" or (value.isprintable() and value == value.strip())
    return value


def percent_decoded(value: str) -> list[str]:
    """Read `csv_percent` as an application does: at the commas, then each element."""
    found = [unquote(one, errors="strict") for one in value.split(",")] if value else []
    # Readers of forms take a plus for a space: there is none that is not meant so.
    assert found == ([unquote_plus(one) for one in value.split(",")] if value else [])
    return found


def sf_decoded(value: str) -> list[str]:
    """Read a list of strings by RFC 8941 section 4.2, and nothing beyond it."""
    found, rest = [], value
    while rest:
        assert rest[0] == '"', rest
        text, at = "", 1
        while rest[at] != '"':
            if rest[at] == "\\":
                at += 1
                assert rest[at] in '"\\', rest
            assert 0x20 <= ord(rest[at]) <= 0x7E, rest
            text += rest[at]
            at += 1
        found.append(text)
        rest = rest[at + 1 :]
        if rest:
            assert rest[0] == ",", rest
            rest = rest[1:].lstrip(" \t")
            assert rest, "a comma at the end"
    return found


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(groups=st.lists(Element, max_size=5))
def test_lists_come_back(groups: list[str]) -> None:
    """Each encoding gives the list back, element by element, or refuses it; csv only refuses."""
    value = sent("csv_percent", groups)
    assert (value is None) == (groups == [""])
    assert value is None or percent_decoded(value) == groups

    value = sent("sf_list", groups)
    plain = all(0x20 <= ord(one) <= 0x7E for one in "".join(groups))
    assert (value is not None) == plain
    assert value is None or sf_decoded(value) == groups

    value = sent("csv", groups)
    assert value is None or groups in ([""], value.split(",") if value else [])

    value = sent("json", groups)
    assert value is not None
    assert json.loads(value) == groups


@pytest.mark.parametrize("char", [*ASCII, "\t", "\r", "\n", "\0", "\x7f", "é", "\u20ac", "😀"])
def test_each_character(char: str) -> None:
    """Each character comes back from the middle, the ends and alone, beside another element."""
    for group in (char, f"{char}a", f"a{char}", f"a{char}a", char * 3):
        value = sent("csv_percent", [group, "b"])
        assert value is not None
        assert percent_decoded(value) == [group, "b"]
        assert "\0" not in value
        value = sent("sf_list", [group, "b"])
        assert (value is None) == (char not in ASCII)
        assert value is None or sf_decoded(value) == [group, "b"]


@pytest.mark.parametrize(
    "groups, percent, sf",
    [
        ("a", "a", '"a"'),
        ("a, b", "a%2C%20b", '"a, b"'),
        (["Doe, Jane", "x"], "Doe%2C%20Jane,x", '"Doe, Jane", "x"'),
        (["100%", "a+b"], "100%25,a%2Bb", '"100%", "a+b"'),
        (['a"b\\c'], "a%22b%5Cc", '"a\\"b\\\\c"'),
        (["é"], "%C3%A9", None),
        (["a:b/c@d.e_f~g-h"], "a:b/c@d.e_f~g-h", '"a:b/c@d.e_f~g-h"'),
        ([], "", ""),
        ([""], None, '""'),
        (["", ""], ",", '"", ""'),
        (
            [1, True, None, {"a": 1}],
            "1,true,null,{%22a%22:1}",
            '"1", "true", "null", "{\\"a\\":1}"',
        ),
        (7, "7", '"7"'),
        (..., "", ""),
    ],
    ids=str,
)
def test_what_they_look_like(groups: object, percent: str | None, sf: str | None) -> None:
    """The exact text, as the documentation shows it."""
    assert (sent("csv_percent", groups), sent("sf_list", groups)) == (percent, sf)


WHY: Final = [
    ("csv", ["a,b"], "holds a comma"),
    ("csv", ["\n"], "holds characters"),
    ("csv", [" a"], "begins or ends with a space"),
    ("sf_list", ["é"], "holds characters"),
    ("csv_percent", [""], "is a list of one empty text"),
    ("json", ["a" * 3071], "is too long"),
]


@pytest.mark.parametrize("form, groups, why", WHY, ids=str)
def test_a_refusal_says_which_header_and_why(form: str, groups: object, why: str) -> None:
    """The decision and its log line name the header and the reason, and nothing of the claim."""
    decision = decided(form, groups=groups)
    assert (decision.status, decision.code) == (403, "invalid_claim")
    assert decision.detail is not None
    assert decision.detail.startswith(f"The claim for the header x-groups {why}")
    with structlog.testing.capture_logs() as lines:
        DecisionLog("denied").write(decision, "GET")
    [line] = lines
    assert line["detail"] == decision.detail


def test_what_has_no_detail() -> None:
    """A 200, and a denial whose code says all, have none, and neither have their lines."""
    for decision in (decided("csv", groups=["a"]), GATE.decide("csv", "GET", "", [], now=NOW)):
        assert decision.detail is None
        with structlog.testing.capture_logs() as lines:
            DecisionLog("all").write(decision, "GET")
        assert "detail" not in lines[0]


def test_a_denial_tells_the_detail_that_it_has() -> None:
    """Other denials with more to say than their code are told as well."""
    decision = decided("csv", cnf={"jkt": "x"})
    assert (decision.code, "allow_bound" in str(decision.detail)) == ("wrong_token_type", True)


POLICIES: Final = {
    "csv": {"issuers": ["corp"], "identity": {"X-Groups": {"claim": "groups", "as": "csv"}}},
}


@pytest.fixture(scope="module", params=DOORS)
def server(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """A service with an identity header, once behind each front door."""
    return serve(interface=request.param, policies={**POLICIES, "default": {"issuers": ["corp"]}})


def test_the_answer_says_which_header(server: Server) -> None:
    """The problem document and the log line name the header and why; other answers stay short."""
    answer = server.ask("GET", "/p/csv", token=token(groups=["Doe, Jane"]))
    assert (answer.status, answer.get("www-authenticate")) == (403, None)
    problem = json.loads(answer.body)
    assert problem["code"] == "invalid_claim"
    assert problem["detail"].startswith("The claim for the header x-groups holds a comma")
    assert "Doe" not in answer.body.decode()

    def told() -> bool:
        # Again: what came before may have filled this second's lines.
        server.ask("GET", "/p/csv", token=token(groups=["Doe, Jane"]))
        return problem["detail"] in {line.get("detail") for line in server.log}

    until(told, "the line of the decision")
