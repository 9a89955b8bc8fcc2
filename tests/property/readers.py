"""How applications read cookies, queries and `Authorization`: real libraries, and models of others.

Each reader takes text as its server hands it over (bytes as Latin-1) and returns what it would
take for the token: several where the library hands over a list.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, unquote, unquote_plus

Reader = Callable[[str, str], list[str]]
"""Of a text and a name."""

# As values: none of them has types for all that is used here.
_DJANGO: Final[Any] = import_module("django.http.cookie")
_STARLETTE: Final[Any] = import_module("starlette.requests")
_STARLETTE_DATA: Final[Any] = import_module("starlette.datastructures")
_TORNADO: Final[Any] = import_module("tornado.httputil")
_TORNADO_ESCAPE: Final[Any] = import_module("tornado.escape")
_WERKZEUG: Final[Any] = import_module("werkzeug.sansio.http")
_WERKZEUG_DATA: Final[Any] = import_module("werkzeug.datastructures")


def _of(parse: Callable[[str], Mapping[str, str]]) -> Reader:
    """A reader by what turns a text into a mapping."""

    def read(text: str, name: str) -> list[str]:
        found = parse(text).get(name)
        return [] if found is None else [found]

    return read


def _werkzeug(text: str, name: str) -> list[str]:
    found: list[str] = _WERKZEUG.parse_cookie(text).getlist(name)
    return found


def _simple(text: str) -> Mapping[str, str]:
    """Python's own, of Bottle, aiohttp and old Django."""
    jar = SimpleCookie()
    try:
        jar.load(text)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _webob(text: str, name: str) -> list[str]:
    """WebOb's pattern, which looks for cookies anywhere."""
    pattern = r'([^\s=;,"]+)\s*=\s*("(?:\\"|[^"])*"|[^;\s"]*)'
    return [value.strip('"') for found, value in re.findall(pattern, text) if found == name]


def _npm_cookie(text: str) -> Mapping[str, str]:
    """`cookie` of npm, of Express: blanks and tabs around names and values, the first counts."""
    found: dict[str, str] = {}
    for pair in text.split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            found.setdefault(name.strip(" \t"), unquote(value.strip(" \t").strip('"')))
    return found


def _koa(text: str, name: str) -> list[str]:
    """`cookies` of npm, of Koa."""
    found = re.search(rf"(?:^|;) *{re.escape(name)}=([^;]*)", text)
    return [found[1].strip('"')] if found else []


def _php_name(name: str) -> str:
    name = name.lstrip(" ").split("\0")[0]
    bracket = name.find("[", 1)
    if bracket > 0 and "]" in name[bracket:]:
        name = name[:bracket]
    return re.sub(r"[ .\[]", "_", name)


def _php_cookie(text: str) -> Mapping[str, str]:
    """PHP before 7.4.11, which decodes names, too; and newer, by the names as they stand."""
    found: dict[str, str] = {}
    for pair in text.split(";"):
        name, _, value = pair.lstrip(" \t\n\r\x0b\x0c").partition("=")
        found.setdefault(_php_name(name), unquote_plus(value))
        found.setdefault(_php_name(unquote_plus(name)), unquote_plus(value))
    return found


def _go(text: str, name: str) -> list[str]:
    """Go's net/http: every cookie of a name, quotes taken away."""
    pairs = (pair.strip(" \t").partition("=") for pair in text.split(";"))
    return [value.strip(" \t").strip('"') for found, _, value in pairs if found.strip() == name]


def _rfc_2965(text: str, name: str) -> list[str]:
    """Old Java containers: commas part cookies, too."""
    pairs = (pair.partition("=") for pair in re.split("[;,]", text))
    return [value.strip().strip('"') for found, _, value in pairs if found.strip() == name]


def _aspnet(text: str, name: str) -> list[str]:
    """ASP.NET: names have no case."""
    pairs = (pair.partition("=") for pair in text.split(";"))
    return [value.strip() for found, _, value in pairs if found.strip().lower() == name.lower()]


COOKIES: Final[Mapping[str, Reader]] = {
    "django": _of(_DJANGO.parse_cookie),
    "starlette": _of(_STARLETTE.cookie_parser),
    "tornado": _of(_TORNADO.parse_cookie),
    "werkzeug": _werkzeug,
    "python": _of(_simple),
    "webob": _webob,
    "npm cookie": _of(_npm_cookie),
    "koa": _koa,
    "php": _of(_php_cookie),
    "go": _go,
    "rfc 2965": _rfc_2965,
    "asp.net": _aspnet,
}

LOOSE: Final = {"asp.net", "php", "webob"}
"""Those that read other cookies under a name, which need not hold tokens."""


def _every(pairs: Iterable[tuple[str, str]], name: str) -> list[str]:
    return [value for found, value in pairs if found == name]


def _starlette_query(text: str, name: str) -> list[str]:
    found: list[str] = _STARLETTE_DATA.QueryParams(text.encode("latin-1")).getlist(name)
    return found


def _tornado_query(text: str, name: str) -> list[str]:
    try:
        found = _TORNADO_ESCAPE.parse_qs_bytes(text, keep_blank_values=True).get(name, [])
    except ValueError:
        return []
    # As `get_argument` does.
    return [value.decode("latin-1").strip() for value in found]


def _parts(text: str, separators: str) -> Iterable[tuple[str, str]]:
    for part in re.split(separators, text):
        name, _, value = part.partition("=")
        yield unquote_plus(name), unquote_plus(value)


QUERIES: Final[Mapping[str, Reader]] = {
    "python": lambda text, name: parse_qs(text, keep_blank_values=True).get(name, []),
    "python 3.9": lambda text, name: _every(_parts(text, "[&;]"), name),
    "semicolons": lambda text, name: _every(parse_qsl(text, True, separator=";"), name),
    "starlette": _starlette_query,
    "tornado": _tornado_query,
    "php": lambda text, name: [v for k, v in _parts(text, "&") if _php_name(k) == name],
    "asp.net": lambda text, name: [v for k, v in _parts(text, "&") if k.lower() == name.lower()],
    "last question mark": lambda text, name: _every(_parts(text.split("?")[-1], "&"), name),
}


def _drf(text: str, _: str) -> list[str]:
    words = text.encode("latin-1").split()
    fits = len(words) == 2 and words[0].lower() == b"bearer"
    return [words[1].decode("latin-1")] if fits else []


def _words(text: str, _: str) -> list[str]:
    words = text.split()
    return words[1:2] if words and words[0].lower() == "bearer" else []


def _fastapi(text: str, _: str) -> list[str]:
    scheme, _, token = text.partition(" ")
    return [token.strip()] if scheme.lower() == "bearer" else []


def _werkzeug_header(text: str, _: str) -> list[str]:
    try:
        found = _WERKZEUG_DATA.Authorization.from_header(text)
    except ValueError:
        return []
    return [found.token] if found and found.type == "bearer" and found.token else []


def _flask_jwt(text: str, _: str) -> list[str]:
    """Flask-JWT-Extended: of several schemes behind commas, ours."""
    fields = [field.split() for field in re.split(r",\s*", text)]
    return [field[1] for field in fields if len(field) > 1 and field[0] == "Bearer"]


def _passport(text: str, _: str) -> list[str]:
    found = re.search(r"(\S+)\s+(\S+)", text)
    return [found[2]] if found and found[1].lower() == "bearer" else []


AUTHORIZATION: Final[Mapping[str, Reader]] = {
    "django rest framework": _drf,
    "words": _words,
    "fastapi": _fastapi,
    "werkzeug": _werkzeug_header,
    "flask-jwt-extended": _flask_jwt,
    "passport": _passport,
    "split": lambda text, _: text.split("Bearer ")[1:],
    "replace": lambda text, _: [text.replace("Bearer ", "")],
    "cut": lambda text, _: [text[6:]] if text.lower().startswith("bearer") else [],
    "stripped": lambda text, _: [text.strip()[6:]] if text.strip().startswith("Bearer") else [],
    "pattern": lambda text, _: re.findall(r"(?i)bearer\s+([^\s,]+)", text),
}


def node(texts: Sequence[str], name: str) -> list[list[str]]:
    """What Node's two readers of queries find in each text; nothing without Node."""
    if shutil.which("node") is None:
        return [[] for _ in texts]
    program = """
        const {texts, name} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        const parse = require('querystring').parse;
        const all = (text) => [new URLSearchParams(text).getAll(name), parse(text)[name] ?? []];
        console.log(JSON.stringify(texts.map((text) => all(text).flat())));
    """
    return _asked(["node", "-e", program], texts, name)


def php(texts: Sequence[str], name: str) -> list[list[str]]:
    """What PHP finds in each text; nothing without PHP."""
    if shutil.which("php") is None:
        return [[] for _ in texts]
    program = """
        $asked = json_decode(stream_get_contents(STDIN), true);
        $found = [];
        foreach ($asked['texts'] as $text) {
            parse_str($text, $all);
            $values = [$all[$asked['name']] ?? []];
            $found[] = [];
            array_walk_recursive($values, function ($one) use (&$found) {
                $found[count($found) - 1][] = utf8_encode($one);
            });
        }
        echo json_encode($found, JSON_INVALID_UTF8_SUBSTITUTE);
    """
    return _asked(["php", "-d", "error_reporting=0", "-r", program], texts, name)


def _asked(command: list[str], texts: Sequence[str], name: str) -> list[list[str]]:
    import orjson  # noqa: PLC0415

    asked = orjson.dumps({"texts": texts, "name": name})
    done = subprocess.run(command, input=asked, capture_output=True, check=True)
    found: list[list[str]] = orjson.loads(done.stdout)
    return found
