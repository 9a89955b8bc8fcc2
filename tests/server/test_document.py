"""Strict YAML: what is read, where it stands, and everything that is refused."""

from pathlib import Path

import pytest

from jwtfast_server.document import parse, read_text
from jwtfast_server.problems import SettingsError


@pytest.mark.parametrize(
    "text,value",
    [
        ("1", 1),
        ("-1", -1),
        ("-9223372036854775808", -(1 << 63)),
        ("18446744073709551615", (1 << 64) - 1),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("n", "n"),
        ("007", "007"),
        ("0x10", "0x10"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-23", "2026-11-23"),
        (".inf", ".inf"),
        ("+1", "+1"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("'null'", "null"),
        ("''", ""),
        ("!!str 1", "1"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    """Plain scalars are typed as in JSON; what JSON would not read stays the text it is."""
    found = parse(f"a: {text}", "f").data["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["1", "true", "0x10", "007", "null"])
def test_untyped(text: str) -> None:
    """Where nothing is typed, every scalar is the text that was written."""
    assert parse(f"a: [{text}]", "f", typed=False).data == {"a": [text]}


def test_keys_are_text() -> None:
    """A key is the text that was written, whatever it looks like."""
    assert parse("{on: 1, 2: 3, null: 4}", "f").data == {"on": 1, "2": 3, "null": 4}


def test_lines() -> None:
    """Every value knows its line: a key's own, an item's first; what is absent, its parent's."""
    document = parse("# c\na:\n  b:\n    - x\n    - {c: 1,\n       d: 2}\n", "f.yaml")
    places = {
        path: str(document.place(path))
        for path in [(), ("a",), ("a", "b", 1), ("a", "b", 1, "d"), ("a", "b", 1, "e"), ("z",)]
    }
    assert places == {
        (): "f.yaml:2",
        ("a",): "f.yaml:2: a",
        ("a", "b", 1): "f.yaml:5: a.b[1]",
        ("a", "b", 1, "d"): "f.yaml:6: a.b[1].d",
        ("a", "b", 1, "e"): "f.yaml:5: a.b[1].e",
        ("z",): "f.yaml:2: z",
    }


def test_bounds(tmp_path: Path) -> None:
    """What is just within the bounds is read: 32 levels, one MiB."""
    assert parse("a: " + "[" * 32 + "]" * 32, "f").data["a"]
    (tmp_path / "f").write_text("#" * (1 << 20))
    assert len(read_text(tmp_path / "f", "f")) == 1 << 20


def test_anchors() -> None:
    """An alias is the value of its anchor."""
    assert parse("a: &x [1, 2]\nb: *x", "f").data == {"a": [1, 2], "b": [1, 2]}


def bomb(levels: int = 9, width: int = 9) -> str:
    """A few hundred bytes that would be 9^9 values."""
    lines = ["a0: &a0 [x]"]
    lines += [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]"
        for level in range(1, levels + 1)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text,message",
    [
        ("a: 1\nb: 2\na: 3", "f:3: a: duplicate key, first on line 1"),
        ("x: {a: 1, a: 2}", "f:1: x.a: duplicate key, first on line 1"),
        ("a: 1\n---\nb: 2", "f:2: expected one YAML document, found another"),
        ("a: !!python/object:os.system x", "f:1: tags are not supported"),
        ("a: !secret hunter22", "f:1: tags are not supported"),
        ("a: !!binary aGk=", "f:1: tags are not supported"),
        ("a: *hunter22", "f:1: an alias (*) without its anchor (&); quote the text?"),
        ("a: &x [*x]", "f:1: an alias (*) without its anchor (&); quote the text?"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f:3: merge keys (<<) are not supported"),
        ("? [a, b]\n: c", "f:1: expected text as a key"),
        ("a: 99999999999999999999", "f:1: expected a number of at most 64 bits; quote it as text?"),
        (f"a: {'9' * 5000}", "f:1: expected a number of at most 64 bits; quote it as text?"),
        ("a: 18446744073709551616", "f:1: expected a number of at most 64 bits; quote it as text?"),
        ("a: 1e400", "f:1: expected a number of at most 64 bits; quote it as text?"),
        ("a: " + "[" * 33 + "]" * 33, "f:1: expected at most 32 levels, found more"),
        (bomb(), "f:6: expected at most 100000 values, found more"),
    ],
)
def test_refused(text: str, message: str) -> None:
    """What is ambiguous, executable or unbounded is refused with its line."""
    with pytest.raises(SettingsError) as raised:
        parse(text, "f")
    assert str(raised.value) == message


def test_every_duplicate_is_told() -> None:
    """Duplicate keys are told all at once."""
    with pytest.raises(SettingsError) as raised:
        parse("a: 1\na: 2\nb: {c: 1, c: 2}", "f")
    assert [str(problem) for problem in raised.value.problems] == [
        "f:2: a: duplicate key, first on line 1",
        "f:3: b.c: duplicate key, first on line 3",
    ]


@pytest.mark.parametrize(
    "text,line",
    [
        ("a: 1\nb: ]", 2),
        ("a:\n\t- hunter22", 2),
        ("a: 'hunter22", 1),
        ("a: hunter22: b", 1),
        ("a: b\n\x07", 2),
        ("a: @hunter22", 1),
        ("%hunter22", 1),
        ("[" * 100_000, 1),
    ],
)
def test_not_yaml(text: str, line: int) -> None:
    """A syntax error has its line, and shows nothing of what the file holds."""
    with pytest.raises(SettingsError) as raised:
        parse(text, "f")
    assert raised.value.problems[0].place.line == line
    assert "hunter22" not in str(raised.value)


@pytest.mark.parametrize(
    "content,message",
    [
        (b"a: \xff\n", "f:1: expected UTF-8, found other bytes"),
        (b"x: 1\na: \xc3\x28\n", "f:2: expected UTF-8, found other bytes"),
        (b"#" * ((1 << 20) + 1), "f: expected at most 1 MiB, found more"),
    ],
)
def test_unreadable(tmp_path: Path, content: bytes, message: str) -> None:
    """A file that is too large or not UTF-8 is refused before anything parses it."""
    path = tmp_path / "f"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        read_text(path, "f")
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "name,reason", [("absent.yaml", "No such file or directory"), ("", "Is a directory")]
)
def test_no_file(tmp_path: Path, name: str, reason: str) -> None:
    """A file that is not there is told by its name."""
    with pytest.raises(SettingsError) as raised:
        read_text(tmp_path / name, "f.yaml")
    assert str(raised.value) == f"f.yaml: cannot be read: {reason}"


def test_byte_order_mark(tmp_path: Path) -> None:
    """A byte order mark, as some editors write it, is not part of the first key."""
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert parse(read_text(path, "f"), "f").data == {"a": 1}


def test_something_after_the_end() -> None:
    """What follows the end mark is told as that."""
    with pytest.raises(SettingsError) as error:
        parse("a: 1\n...\nb: 2\n", "f")
    assert str(error.value) == (
        "f:3: not YAML: something follows the line `...`, which ends the file"
    )
