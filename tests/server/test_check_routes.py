"""What `jwtfast check` says of routes: which one decides, and which neighbours they leave open."""

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from jwtfast_server.cli import main
from tests.configs import MINIMAL, WHOLE, load_text

POLICIES = """\
  admin: {issuers: [corp], require: [{claim: groups, any: [admin]}]}
  open: {issuers: [corp], optional: true}
  trial: {issuers: [corp], shadow: true}
  browser: {issuers: [corp], preflight: true}
"""
APART = "uri_header: X-Original-URI, host_header: X-Original-Host, trusted_proxies: 127.0.0.1"


def file_of(routes: str, original: str = APART) -> str:
    """A configuration with these routes."""
    return f"{MINIMAL}{POLICIES}original_request: {{{original}}}\nroutes: [{routes}]\n"


def notes_of(directory: Path, routes: str, original: str = APART) -> list[str]:
    """What is noted of its routes, without its place."""
    notes = load_text(directory, file_of(routes, original)).notes
    return [note.partition(": routes")[2] for note in notes]


def run(directory: Path, text: str, *arguments: str) -> Result:
    """Run `jwtfast check` on a file."""
    path = directory / "jwtfast.yaml"
    path.write_text(text)
    return CliRunner().invoke(main, ["check", str(path), *arguments], catch_exceptions=False)


REST = "{path: /, policy: open}"
SENSITIVE, INSENSITIVE = f"{APART}, case: sensitive", f"{APART}, case: insensitive"


@pytest.mark.parametrize(
    "routes,original,expected",
    [
        # Other case, as long as the file does not say whether it counts.
        (
            f"{{path: /admin, policy: admin}}, {REST}",
            APART,
            ["[0].path: leaves /ADMIN to routes[1], "],
        ),
        (
            f"{{path: /ADMIN/, policy: admin}}, {REST}",
            APART,
            ["[0].path: leaves /admin/ to routes[1]"],
        ),
        (
            f"{{path: '/*/Admin/**', policy: admin}}, {REST}",
            APART,
            ["[0].path: leaves /X/ADMIN/X to r"],
        ),
        (f"{{path: /admin, policy: admin}}, {REST}", SENSITIVE, []),
        (f"{{path: /admin, policy: admin}}, {REST}", INSENSITIVE, []),
        (f"{{path: /1, policy: admin}}, {REST}", APART, []),
        (
            f"{{path: /admin, policy: admin}}, {{path: /ADMIN, policy: default}}, {REST}",
            SENSITIVE,
            [],
        ),
        # A slash at the end, which only an exact path minds.
        (
            f"{{path: {{exact: /admin}}, policy: admin}}, {REST}",
            SENSITIVE,
            ["[0].path: leaves /admin/ to routes[1], whose policy open is more open than ad"],
        ),
        (
            f"{{path: {{exact: /admin/}}, policy: admin}}, {REST}",
            INSENSITIVE,
            ["[0].path: leaves /admin to routes[1], whose policy open is more open than ad"],
        ),
        (
            f"{{path: {{exact: /admin}}, policy: admin}}, {REST}",
            APART,
            ["[0].path: leaves /admin/ to routes[1], ", "[0].path: leaves /ADMIN to routes[1], "],
        ),
        (
            f"{{path: {{exact: /admin}}, policy: admin}}, {{path: /admin, policy: admin}}, {REST}",
            SENSITIVE,
            [],
        ),
        # By host, and by methods.
        (
            "{host: '*.example', path: /admin, policy: admin}, {host: '*.example', policy: open}",
            APART,
            ["[0].path: leaves /ADMIN to routes[1], "],
        ),
        (
            "{host: a.example, path: /admin, policy: admin}, {host: b.example, policy: open}",
            APART,
            [],
        ),
        (
            "{path: /admin, policy: admin}, {path: /, methods: [PUT], policy: open}",
            APART,
            ["[0].path: leaves /ADMIN to routes[1], "],
        ),
        (
            "{path: /admin, methods: GET, policy: admin}, {path: /, methods: [PUT], policy: open}",
            APART,
            [],
        ),
        (
            f"{{path: /admin, methods: GET, policy: admin}}, {REST}",
            SENSITIVE,
            ["[0].path: leaves HEAD of /admin to routes[1], whose policy open is more "],
        ),
        (f"{{path: /admin, methods: [GET, HEAD], policy: admin}}, {REST}", SENSITIVE, []),
        (f"{{path: /admin, methods: [POST], policy: admin}}, {REST}", SENSITIVE, []),
        # What is more open.
        (
            "{path: /a, policy: admin}, {path: /, policy: trial}",
            APART,
            ["[0].path: leaves /A to rout"],
        ),
        (
            "{path: /a, policy: admin}, {path: /, policy: browser}",
            APART,
            ["[0].path: leaves /A to ro"],
        ),
        (
            "{path: /a, policy: admin}, {path: /, policy: default}",
            APART,
            ["[0].path: leaves /A to ro"],
        ),
        ("{path: /a, policy: default}, {path: /, policy: admin}", APART, []),
        ("{path: /a, policy: open}, {path: /, policy: default}", APART, []),
        ("{path: /a, policy: open}, {path: /, policy: open}", APART, []),
        # What a glob leaves out where another reader takes its star for all below.
        (
            f"{{path: '/admin*', policy: admin}}, {REST}",
            SENSITIVE,
            ["[0].path: leaves /adminx/x to routes[1], "],
        ),
        (
            f"{{path: '/api/*', policy: admin}}, {REST}",
            SENSITIVE,
            ["[0].path: leaves /api/x/x to routes[1], ", "[0].path: leaves /api/ to routes[1], "],
        ),
        (f"{{path: '/api/**', policy: admin}}, {REST}", SENSITIVE, []),
        (f"{{path: '/*/api/**', policy: admin}}, {REST}", SENSITIVE, []),
        (
            f"{{path: {{glob: '/*/admin'}}, policy: admin}}, {REST}",
            INSENSITIVE,
            ["[0].path: leaves /x/admin/x to routes[1], "],
        ),
        # A neighbour that another route of the same policy has is none.
        (
            "{path: /a, policy: default}, {path: /A, policy: default}, {path: /, policy: open}",
            APART,
            [],
        ),
    ],
)
def test_neighbours(tmp_path: Path, routes: str, original: str, expected: list[str]) -> None:
    """The path in other case, and with or without its slash, where a more open policy has it."""
    found = notes_of(tmp_path, routes, original)

    assert [note[: len(part)] for note, part in zip(found, expected, strict=True)] == expected


def test_many_routes(tmp_path: Path) -> None:
    """One note stands for all routes of a policy, however many there are."""
    many = ", ".join(f"{{path: /x{index}, policy: admin}}" for index in range(50))
    [note] = notes_of(tmp_path, f"{many}, {REST}")

    assert note.startswith(
        "[0].path: leaves /X0 to routes[50], whose policy open is more open than "
    )
    assert " admin (and 49 routes like it): say original_request.case" in note


def test_ordinary_files(tmp_path: Path) -> None:
    """Nothing is noted of a whole ordinary file, nor of the one in the documentation."""
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    example = page.read_text().split("```yaml\n")[1].split("```")[0]
    routes = example[example.index("policies:") :]

    assert load_text(tmp_path, WHOLE).notes == ()
    minimal = MINIMAL.partition("policies:")[0]
    notes = load_text(tmp_path, minimal + routes).notes
    assert [note for note in notes if "leaves" in note] == []


ASKED = """\
{host: admin.example, policy: admin}, {path: {exact: /login}, methods: [GET, POST], policy: open},
{path: '/*/status', policy: open}, {host: '*.example', path: /, policy: default}"""


@pytest.mark.parametrize(
    "method,url,expected",
    [
        (
            "GET",
            "https://admin.example/x",
            "routes[0], policy admin (the first route that fits, for a",
        ),
        (
            "POST",
            "http://a.example/login?next=/x",
            "routes[1], policy open (the first route that fits",
        ),
        (
            "PUT",
            "http://a.example/login",
            "routes[3], policy default (the first route that fits, for ",
        ),
        (
            "GET",
            "http://other.org/a/status/",
            "routes[2], policy open (the first route that fits, for",
        ),
        ("GET", "http://other.org/", "403 no_policy ("),
        ("GET", "http://a.example/../x", "403 bad_original_request ("),
        ("GET", "http://a.example?/x", "403 bad_original_request ("),
        ("GET", "/login", "403 bad_original_request ("),
    ],
)
def test_which_route(tmp_path: Path, method: str, url: str, expected: str) -> None:
    """The gate's own answer, with the route that made it; status 1 where no policy decides."""
    result = run(tmp_path, file_of(ASKED), "--route", method, url)

    assert result.output.startswith(f"{method} {url}: {expected}")
    assert result.exit_code == (1 if "403" in expected else 0)


def test_several_at_once(tmp_path: Path) -> None:
    """A line each, or a list of JSON; one that no policy decides on makes the status 1."""
    arguments = ["--route", "GET", "http://admin.example/", "--route", "GET", "http://other.org/"]
    result = run(tmp_path, file_of(ASKED), *arguments)
    assert (len(result.output.splitlines()), result.exit_code) == (2, 1)

    result = run(tmp_path, file_of(ASKED), *arguments, "--json")
    first, second = orjson.loads(result.output)
    why = "the first route that fits, for any method admin.example /"
    assert first == {
        "method": "GET",
        "url": "http://admin.example/",
        "route": 0,
        "policy": "admin",
        "code": None,
        "why": why,
    }
    assert (second["route"], second["policy"], second["code"]) == (None, None, "no_policy")
    assert result.exit_code == 1


def test_without_routes(tmp_path: Path) -> None:
    """The default policy decides on everything that can be read."""
    result = run(tmp_path, MINIMAL, "--route", "GET", "/x")
    assert result.output == "GET /x: policy default (there are no routes)\n"
    assert run(tmp_path, MINIMAL, "--route", "GET", "/x/../y").exit_code == 1


def test_a_file_that_is_wrong(tmp_path: Path) -> None:
    """Nothing is said of its routes."""
    result = run(tmp_path, f"lisen: x\n{MINIMAL}", "--route", "GET", "/x")
    assert (result.exit_code, result.stdout) == (2, "")
