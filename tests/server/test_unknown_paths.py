"""Paths that are not served: told and counted; and paths that are, read alike by every door."""

import re

import pytest

from jwtfast_server.unknown_paths import UnknownPaths, shown
from tests.conftest import Serve
from tests.processes import Server, until
from tests.server.conftest import DOORS
from tests.settings import token

PAGES = ("/healthz", "/metrics", "/readyz")
# By target: its status with a good token, the same behind every door.
TARGETS = {
    "/validate": 200,
    "/%76alidate": 200,
    "/%76%61lidate?x=%2f": 200,
    "/validat%65": 200,
    "/validate%2F": 404,
    "/validate%00": 404,
    "/validate%3Fx": 404,
    "/validate%": 404,
    "/%": 404,
    "/%7": 404,
    "/%7g": 404,
    "/%2576alidate": 404,
    "/%56alidate": 404,
    "/Validate": 404,
    "/validate/": 404,
    "/validate/x": 404,
    "//validate": 404,
    "/%2Fvalidate": 404,
    "/validate;x": 404,
    "/validate%C3%A9": 404,
    "/validate%ff": 404,
    "/p/open": 200,
    "/p/%6fpen": 200,
    "/%70/open/x": 200,
    "/p%2Fopen": 200,
    "/p/open%2F..%2Fadmin": 200,
    "/p/admin%2F..%2Fopen": 403,
    "/p/open%00": 403,
    "/p/ope%C3%A9": 403,
    "/p/open%ff": 403,
    "/p/op%65%6": 403,
    "/p/Open": 403,
    "/p/": 403,
    "/p//open": 403,
    "/p": 404,
    "/P/open": 404,
    "/%68ealthz": 200,
    "/healthz%2f": 404,
    "/readyz": 200,
    "/read%79z": 200,
    "*": 404,
}


@pytest.mark.parametrize("target,status", TARGETS.items(), ids=TARGETS)
def test_paths_are_read_alike(service: Server, target: str, status: int) -> None:
    """What is percent-encoded is decoded once, whatever the door."""
    assert service.ask(target=target, token=token()).status == status


@pytest.fixture(scope="module", params=DOORS)
def quiet(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """A service that nobody asked anything yet, and that logs no decision."""
    return serve(interface=request.param, log={"decisions": "none"})


def test_one_line_a_minute(quiet: Server) -> None:
    """The first is told with what was meant; all are counted; no query and no token is told."""
    bad = [f"/validate/{token()}?access_token={token()}", "/validate/", "/p/amdin", "/p/", "/x"]
    for target in bad:
        assert quiet.ask(target=target, token=token()).status in {403, 404}

    def lines() -> list[dict[str, object]]:
        return [line for line in quiet.log if line["event"] == "unknown path"]

    until(lambda: lines() != [], "it is told")
    [line] = lines()
    assert (line["path"], line["times"], line["level"]) == ("/validate/[cut]", 1, "warning")
    assert str(line["meant"]).startswith("/validate alone")
    until(
        lambda: quiet.metric("jwtfast_unknown_paths_total") == len(bad), "all of them are counted"
    )


def test_what_is_served_is_not_counted(quiet: Server) -> None:
    """Neither decisions, of whatever status, nor pages."""
    before = quiet.metric("jwtfast_unknown_paths_total")
    for target in ("/validate", "/p/admin/x", "/p/open/validate/", "/healthz", "/readyz"):
        quiet.ask(target=target)
        quiet.ask(target=target, token=token())

    assert quiet.metric("jwtfast_unknown_paths_total") == before


@pytest.mark.parametrize(
    "path,meant",
    [
        ("/validate/", "/validate alone"),
        ("/validate/x/y", "/validate alone"),
        ("//validate", "/validate alone"),
        ("/Validate", "/validate alone"),
        ("/validate;x", "/validate alone"),
        ("/p", "/p/POLICY, with one of admin, open"),
        ("/p/", "/p/POLICY, with one of admin, open"),
        ("/p/amdin/x", "/p/admin: there is admin, open"),
        ("/p/Admin", "/p/admin: there is admin, open"),
        ("/p/zzz", "a policy: there is admin, open"),
        ("/healthz/", "/healthz"),
        ("/METRICS", "/metrics"),
        ("/", "/validate, /p/POLICY or one of /healthz, /metrics, /readyz"),
        ("/favicon.ico", "/validate, /p/POLICY or one of /healthz, /metrics, /readyz"),
        ("", "/validate, /p/POLICY or one of /healthz, /metrics, /readyz"),
    ],
)
def test_what_was_meant(path: str, meant: str) -> None:
    """The nearest path that is served."""
    assert UnknownPaths(PAGES, lambda: ("open", "admin")).meant(path).startswith(meant)


def test_many_policies() -> None:
    """They are not all told."""
    found = UnknownPaths(PAGES, lambda: [f"policy-{n:04}" for n in range(1000)]).meant("/p/x")

    assert found.endswith("policy-0009 and 990 more")


@pytest.mark.parametrize(
    "path,told",
    [
        ("/validate/", "/validate/"),
        ("/a b\n\x00\x7f", "/a\\x20b\\x0a\\x00\\x7f"),
        ("/caf\u00e9", "/caf\\xe9"),
        ("/" + "x" * 24, "/[cut]"),
        ("/1/2/3/4/5/6/7/8", "/1/2/3/4/5/..."),
        ("x" * 100_000, "[cut]"),
        ("/" * 100_000, "//////..."),
    ],
)
def test_what_is_told_of_a_path(path: str, told: str) -> None:
    """It is bounded and printable, and a token is cut out of it."""
    assert shown(path) == told
    for part in (f"/{token()}", f"/validate/{token()}/x", token()):
        assert not re.search("eyJ[A-Za-z0-9_-]{8}", shown(part))
