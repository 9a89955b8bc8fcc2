"""The strict JSON reader beside Python's: the same values, or a refusal, for any text."""

import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forge import NOW, compact
from tests.verdict import ACCEPTED, verdict, verifier

JUDGE: Final = verifier(issuer=None, audience=None, require_exp=False)
ROUNDS: Final = settings(max_examples=700, deadline=None, derandomize=True, database=None)

NUMBERS: Final = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES: Final = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=30),
    max_leaves=40,
)


def read(payload: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return the claims of a payload, signed as it is."""
    return JUDGE.verify(compact("HS256", payload), now=NOW)


def same(one: object, other: object) -> bool:
    """Compare values with their types: 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    return repr(one) == repr(other)


@ROUNDS
@given(VALUES, st.booleans(), st.sampled_from([None, 0, 2, "\t"]))
def test_values(value: object, escaped: bool, indent: int | str | None) -> None:  # noqa: FBT001
    """Whatever Python writes is read back as Python reads it."""
    text = json.dumps({"x": value}, ensure_ascii=escaped, indent=indent)
    assert same(read(text.encode()), json.loads(text))


@ROUNDS
@given(st.lists(TEXTS, min_size=1, max_size=60, unique=True), st.data())
def test_names(names: list[str], data: st.DataObject) -> None:
    """Different names are different members; one of them again, however written, is refused."""
    members = [f"{json.dumps(name, ensure_ascii=data.draw(st.booleans()))}:1" for name in names]
    object_of = "{{{}}}".format(",".join(members))
    assert list(read(f'{{"x":{object_of}}}'.encode())["x"]) == names
    again = data.draw(st.sampled_from(names))
    place = data.draw(st.integers(0, len(members)))
    members.insert(place, f"{json.dumps(again, ensure_ascii=data.draw(st.booleans()))}:2")
    twice = '{{"x":{{{}}}}}'.format(",".join(members))
    assert verdict(compact("HS256", twice.encode()), JUDGE) == "malformed_token"


@pytest.mark.parametrize("byte", [*range(0x20), ord('"'), ord("\\"), 0x7F, 0x20])
def test_every_byte_at_every_place(byte: int) -> None:
    """A string holds no quote, backslash or control character, wherever and however long it is."""
    fits = byte in {0x20, 0x7F}
    for filling in (b"a", "\u00e9".encode(), "\U0001f600".encode()):
        for before in range(20):
            for after in (0, 1, 7, 8, 9):
                text = filling * before + bytes([byte]) + filling * after
                for payload in (b'{"x":"' + text + b'"}', b'{"' + text + b'":1}'):
                    found = verdict(compact("HS256", payload), JUDGE)
                    assert found == (ACCEPTED if fits else "malformed_token")


@pytest.mark.parametrize(
    "escape", ['\\"', "\\\\", "\\/", "\\b", "\\n", "\\u0041", "\\ud83d\\ude00"]
)
def test_every_escape_at_every_place(escape: str) -> None:
    """An escape means the same wherever it stands."""
    for before in range(20):
        for after in (0, 1, 7, 8, 9):
            text = "a" * before + escape + "\u00e9" * after
            assert read(f'{{"x":"{text}","{text}":1}}'.encode()) == json.loads(
                f'{{"x":"{text}","{text}":1}}'
            )


@ROUNDS
@given(st.from_regex(r"-?[0-9]{0,40}(\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?", fullmatch=True))
def test_numbers(text: str) -> None:
    """A number is read as Python reads it, or refused where it is none or too large."""
    try:
        expected = json.loads(text)
    except ValueError:
        expected = None
    large = isinstance(expected, int | float) and abs(expected) > 1.7976931348623157e308
    token = compact("HS256", f'{{"x":{text}}}'.encode())
    if expected is None or large:
        assert verdict(token, JUDGE) == "malformed_token"
    else:
        assert same(JUDGE.verify(token, now=NOW)["x"], expected)


@ROUNDS
@given(st.text(st.sampled_from('{}[]:,"\\/ \t\n0123456789.-+eEtrufalsn\u00e9'), max_size=30))
def test_noise(text: str) -> None:
    """No text that Python refuses is read, and what is read is what Python reads."""
    token = compact("HS256", f'{{"x":{text}}}'.encode())
    try:
        expected = json.loads(f'{{"x":{text}}}', parse_constant=float.fromhex)
    except ValueError:
        assert verdict(token, JUDGE) == "malformed_token"
        return
    if verdict(token, JUDGE) == ACCEPTED:
        assert same(JUDGE.verify(token, now=NOW), expected)
