"""`jwtfast check --fetch` and `--token`, at the imitations: what the service itself would say."""

import time
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from jwtfast_server.cli import main
from tests.issuers.imitation import NAMES, Imitation
from tests.issuers.running import file_of
from tests.issuers.world import World

WORKING = [name for name in NAMES if not Imitation(name).missing]
FETCHED = [name for name in WORKING if Imitation(name).has_remote_keys]


def of_today(name: str) -> Imitation:
    """An imitation whose tokens are good now; a little ago, for the clock goes on."""
    return Imitation(name, now=int(time.time()) - 5)


def check(one: Imitation, world: World, directory: Path, *arguments: str, **options: str) -> Result:
    """Run the command on the provider's configuration."""
    world.stands = one
    file = file_of(options.pop("text", one.data["configuration"]), one, world, directory)
    given = ["check", str(file), *arguments]
    return CliRunner().invoke(main, given, catch_exceptions=False, **options)  # type: ignore[arg-type]


def _left_out(one: Imitation) -> str:
    """Why its key of another use is left out."""
    return "use is not sig" + (" or jwt-svid" if "jwt-svid]" in one.data["configuration"] else "")


@pytest.mark.parametrize("name", FETCHED)
def test_fetch(world: World, tmp_path: Path, name: str) -> None:
    """Each source is asked once; its keys are told, and the key of another use as left out."""
    one = of_today(name)
    before = len(world.asked)
    result = check(one, world, tmp_path, "--fetch", "--json")

    assert result.exit_code == 0
    found = orjson.loads(result.stdout)
    kid = one.data.get("header", one.data["token"]["header"])["kid"]
    assert found["ok"]
    for source in found["sources"]:
        assert kid in {key["kid"] for key in source["keys"]}
        # A document that is no JWKS has keys of no other use.
        reasons = [entry.rpartition(": ")[2] for entry in source["left_out"]]
        assert reasons == ([] if "form" in one.data else [_left_out(one)])
        assert source["seconds"] > 0
    asked = world.asked[before:]
    keys = set(one.data["keys"])
    assert sum(url in keys for url in asked) == len(found["sources"])


def test_fetch_as_text(world: World, tmp_path: Path) -> None:
    """A line for the source, one for each key, one for what was left out."""
    one = of_today("keycloak")
    first, second, third = check(one, world, tmp_path, "--fetch").output.splitlines()

    head = "issuer keycloak: https://sso.example.com/realms/acme: 1 key in "
    assert first.startswith(head)
    assert first.endswith(" ms, 1 left out")
    assert second == "  kid FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE: RS256"
    assert third.startswith("  left out: ")


@pytest.mark.parametrize(
    "changes,reason",
    [
        ({"documents": {}}, "answered with status 404"),
        ({"keys": {}}, "answered with status 404"),
        ({"keys": {"https://sso.example.com/realms/acme/protocol/openid-connect/certs": []}}, ""),
    ],
)
def test_fetch_fails(world: World, tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    """A source without a key that can be used makes the status 2, and the reason is told."""
    one = of_today("keycloak")
    one.data |= changes
    result = check(one, world, tmp_path, "--fetch")
    assert result.exit_code == 2
    assert "issuer keycloak: https://sso.example.com/realms/acme: failed" in result.stdout
    assert reason in result.stdout

    result = check(one, world, tmp_path, "--fetch", "--json")
    found = orjson.loads(result.stdout)
    assert (result.exit_code, found["ok"]) == (2, False)
    assert reason in found["sources"][0]["error"]


def test_fetch_keys_that_the_settings_do_not_allow(world: World, tmp_path: Path) -> None:
    """Keys that came and cannot serve are no keys."""
    one = of_today("keycloak")
    text = one.data["configuration"].replace(
        "audiences: any", "audiences: any\n    algorithms: ES256"
    )
    result = check(one, world, tmp_path, "--fetch", text=text)

    assert result.exit_code == 2
    assert ": failed in " in result.stdout


def test_nothing_to_fetch(world: World, tmp_path: Path) -> None:
    """Keys of a file are not fetched, which is no failure."""
    result = check(of_today("supabase-hs256"), world, tmp_path, "--fetch")
    assert (result.exit_code, result.stdout) == (0, "no keys are fetched\n")


@pytest.mark.parametrize("name", WORKING)
def test_token(world: World, tmp_path: Path, name: str) -> None:
    """The good token passes with its identity, as the service answers; an expired one does not."""
    one = of_today(name)
    token = one.token()
    result = check(one, world, tmp_path, "--token", token, "--json")
    found = orjson.loads(result.stdout)
    assert (result.exit_code, found["status"], found["code"], found["shadow"]) == (
        0,
        200,
        None,
        False,
    )
    assert one.data["identity"].items() <= dict(found["headers"]).items()
    assert token not in result.output

    late = one.token({"exp": one.now - 400})
    result = check(one, world, tmp_path, "--token", "-", input=f"{late}\n")
    assert result.exit_code == 1
    assert result.stdout.startswith("401: token_expired: ")
    assert "  policy default\n" in result.stdout
    assert late not in result.output


def test_token_without_keys(world: World, tmp_path: Path) -> None:
    """A dead source is told beside the answer that it leads to."""
    one = of_today("keycloak")
    one.data["documents"] = {}
    result = check(one, world, tmp_path, "--token", one.token())
    assert result.exit_code == 1
    assert result.stdout.startswith("503: keys_unavailable: ")
    assert result.stderr.startswith("note: issuer keycloak: ")


ROUTED = """\
original_request:
  {uri_header: X-Original-URI, host_header: X-Original-Host, trusted_proxies: 10.0.0.1}
routes:
  - {host: admin.example, policy: admin}
  - {path: /x, methods: GET, policy: named}
  - {policy: default}
"""
POLICIES = """\
  admin: {issuers: keycloak, require: [{claim: sub, is: nobody}]}
  named: {issuers: keycloak, identity: {X-Name: email}}
  trial: {issuers: keycloak, require: [{claim: sub, is: nobody}], shadow: true}
"""


@pytest.mark.parametrize(
    "arguments,status,expected",
    [
        (["--policy", "admin"], 1, "403: policy_denied: "),
        (["--policy", "named"], 0, "200: passes\n  policy named\n"),
        (["--policy", "trial"], 0, "200: passes in shadow mode; it would be policy_denied: "),
        (["--route", "GET", "https://admin.example/a"], 1, "403: policy_denied: "),
        (["--route", "GET", "https://b.example/x/y?a=b"], 0, "200: passes\n  policy named\n"),
        (["--route", "PUT", "https://b.example/x"], 0, "200: passes\n  policy default\n"),
        (["--route", "GET", "https://b.example/../x"], 1, "403: bad_original_request: "),
        (["--policy", "named", "--header", "Cookie: a=b"], 0, "200: passes\n"),
        (
            ["--policy", "named", "--header", "Authorization: Bearer abc"],
            1,
            "401: multiple_tokens: ",
        ),
    ],
)
def test_which_policy(
    world: World, tmp_path: Path, arguments: list[str], status: int, expected: str
) -> None:
    """The one that is named, or that the routes pick for a URL; with any more headers."""
    one = of_today("keycloak")
    text = f"{one.data['configuration']}{POLICIES}{ROUTED}"
    result = check(one, world, tmp_path, "--token", one.token(), *arguments, text=text)

    assert result.stdout.startswith(expected)
    assert result.exit_code == status


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["--policy", "x"], "--policy and --header belong to --token"),
        (["--token", "x", "--policy", "x"], "there is no policy x: expected one of default"),
        (
            ["--token", "x", "--route", "GET", "/"],
            "the file does not say how the original request is told",
        ),
        (["--token", "x", "--header", "x"], "expected a header, such as 'X-Name: value'"),
    ],
)
def test_usage(world: World, tmp_path: Path, arguments: list[str], message: str) -> None:
    """What cannot be asked is said, with status 2, before anything is fetched."""
    result = check(of_today("keycloak"), world, tmp_path, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
