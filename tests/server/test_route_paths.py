"""What a reader would call protected is protected: element-wise paths, against a plain oracle.

The oracle reads a route's path as a list of elements and asks by recursion; the gate walks a tree.
"""

import itertools
from typing import Final

import pytest

import jwtfast
from tests.verdict import gate_settings, key

POLICIES = {"default": {"issuers": ["corp"], "optional": True}, "admin": {"issuers": ["corp"]}}
ELEMENTS: Final = ("a", "ab", "admin", "A", "adm[i]n", "*")
GLOBS: Final = ("a", "ab", "*", "**", "a*", "*b", "*a*", "admin")
Path = str | dict[str, str]
EVERYTHING: Final[list[Path]] = ["/", {"prefix": "/"}, "/**", "/**/"]


def gate_of(path: Path, **original: object) -> jwtfast.Gate:
    """A gate whose one protected path this is."""
    told = {"uri_header": "X-Original-URI", "trusted_proxies": ["127.0.0.1"]} | original
    routes = [{"path": path, "policy": "admin"}, {"path": "/", "policy": "default"}]
    if path in EVERYTHING:
        routes.pop()  # Nothing would be left for it.
    settings = gate_settings(policies=POLICIES, routes=routes, original_request=told)
    return jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("HS256")])})


def protected(gate: jwtfast.Gate, uri: str) -> bool:
    """Whether a request without a token is stopped, and not for a path in doubt."""
    headers = [("x-original-uri", uri)]
    decision = gate.decide(None, "GET", "", headers, peer="127.0.0.1")
    assert decision.code in {None, "missing_token"}, (uri, decision.code)
    return decision.status == 401


def paths() -> list[str]:
    """Paths of up to three elements, each with and without a slash at its end."""
    found = ["/"]
    for count in (1, 2, 3):
        for elements in itertools.product(ELEMENTS, repeat=count):
            found += ["/" + "/".join(elements), "/" + "/".join(elements) + "/"]
    return found


def fits(pattern: str, text: str) -> bool:
    """Whether an element fits, letter by letter."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return fits(pattern[1:], text) or (text != "" and fits(pattern, text[1:]))
    return text[:1] == pattern[0] and fits(pattern[1:], text[1:])


def takes(glob: list[str], elements: list[str]) -> bool:
    """Whether a glob takes these elements, one by one."""
    if not glob:
        return not elements
    if glob[0] == "**":
        return takes(glob[1:], elements) or (elements != [] and takes(glob, elements[1:]))
    return elements != [] and fits(glob[0], elements[0]) and takes(glob[1:], elements[1:])


def listed(path: str) -> list[str]:
    """The elements of a path."""
    return [element for element in path.split("/") if element]


@pytest.mark.parametrize("path", ["/", "/admin", "/admin/", "/a/admin", "/a/admin/", "/A/"])
def test_a_prefix(path: str) -> None:
    """It takes what begins with its elements, however either is ended."""
    prefix = listed(path)
    for written in (path, {"prefix": path}):
        gate = gate_of(written)
        for uri in paths():
            assert protected(gate, uri) == (listed(uri)[: len(prefix)] == prefix), (written, uri)


@pytest.mark.parametrize("path", ["/", "/admin", "/admin/", "/a/admin", "/adm[i]n/"])
def test_an_exact_path(path: str) -> None:
    """It takes itself."""
    gate = gate_of({"exact": path})
    for uri in paths():
        assert protected(gate, uri) == (uri == path), uri


def test_globs() -> None:
    """Every glob of up to three elements takes what the oracle takes, of every path of three."""
    all_paths = paths()
    for count in (1, 2, 3):
        for elements in itertools.product(GLOBS, repeat=count):
            text = "/" + "/".join(elements)
            for written in (text, text + "/") if "*" in text else ():
                gate = gate_of(written)
                for uri in all_paths[:: 1 if count < 3 else 7]:
                    expected = takes(list(elements), listed(uri))
                    assert protected(gate, uri) == expected, (written, uri)
                    # Percent-encoded it is the same path.
                encoded = "/" + "/".join(
                    "".join(f"%{ord(x):02x}" for x in one) for one in ("a", "ab")
                )
                assert protected(gate, encoded) == takes(list(elements), ["a", "ab"])


@pytest.mark.parametrize(
    "glob", ["/a/**", "/**", "/**/a", "/*/a", "/a*", "/a/*/b", "/*/**/b", "/*.php"]
)
def test_a_slash_at_the_end(glob: str) -> None:
    """It changes nothing for a glob, of whatever kind."""
    gate = gate_of(glob)
    for uri in ("/a", "/b", "/a/b", "/b/a", "/a/x/b", "/x.php", "/x/y/b", "/ab", "/a/b/c/d"):
        assert protected(gate, uri) == protected(gate, uri + "/")


CASES: Final = [
    ("/admin", "/ADMIN"),
    ("/Admin/", "/aDMIN/x"),
    ("/*/Admin", "/X/aDmin/"),
    ("/AD*", "/administrator"),
    ({"exact": "/Admin"}, "/admin"),
    ({"prefix": "/ADMIN"}, "/admin/x"),
    ("/café", "/CAF%C3%89"),
    ("/CAFÉ", "/caf%c3%a9/x"),
    ("/пароль", "/%D0%9F%D0%90%D0%A0%D0%9E%D0%9B%D0%AC"),
    ("/book", "/boo%E2%84%AA"),
    ("/ω", "/%E2%84%A6"),
]


@pytest.mark.parametrize("path,uri", CASES)
def test_case(path: Path, uri: str) -> None:
    """It counts unless the proxy is said to tell no case apart; then it does in no kind of path."""
    assert protected(gate_of(path, case="insensitive"), uri)
    assert not protected(gate_of(path, case="sensitive"), uri)
    assert not protected(gate_of(path), uri)


@pytest.mark.parametrize("letter", ["\u0130", "\u017f"])
def test_letters_of_doubtful_case(letter: str) -> None:
    """Go lowers the one to an ASCII letter and folds the other into one: neither is taken."""
    uri = "/x" + "".join(f"%{byte:02X}" for byte in letter.encode())
    for path in ("/xi", "/xs", "/y"):
        gate = gate_of(path, case="insensitive")
        decision = gate.decide(None, "GET", "", [("x-original-uri", uri)], peer="127.0.0.1")
        assert (decision.status, decision.code) == (403, "bad_original_request")
        assert not protected(gate_of(path), uri)
    with pytest.raises(jwtfast.ConfigError, match="such a path is never matched"):
        gate_of("/x" + letter, case="insensitive")
