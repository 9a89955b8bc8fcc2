"""A configuration that cannot be served changes nothing: it is counted, and told as a whole."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forge import AUDIENCE, ISSUER, public_jwk
from tests.server.reloading import Changing, replace, serving
from tests.settings import standard, token

Break = Callable[[Path, Path, dict[str, Any]], None]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changing]:
    """A service whose keys are in a file of their own."""
    directory = tmp_path_factory.mktemp("service")
    restore(directory)
    with serving(directory, workers=2) as service:
        yield service


def good(**changes: object) -> dict[str, Any]:
    """Return the configuration that is served."""
    issuer = {
        "name": "corp",
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "keys": {"jwks_file": "keys.json"},
    }
    return standard(workers=2, issuers=[issuer]) | changes


def restore(directory: Path) -> None:
    """Write what is served."""
    (directory / "keys.json").write_text(json.dumps({"keys": [public_jwk("ES256", kid="a")]}))
    replace(directory / "jwtfast.yaml", good())


def truncated(config: Path, _keys: Path, whole: dict[str, Any]) -> None:
    """As a writer leaves it that was stopped."""
    config.write_text(json.dumps(whole)[:-20])


def empty(config: Path, _keys: Path, _whole: dict[str, Any]) -> None:
    """As `>` leaves it."""
    config.write_text("")


def wrong_types(config: Path, _keys: Path, whole: dict[str, Any]) -> None:
    """Three mistakes in three places."""
    replace(config, whole | {"realm": 1, "max_token_bytes": "many", "routes": [{"policy": "x"}]})


def a_list(config: Path, _keys: Path, _whole: dict[str, Any]) -> None:
    """Not even a mapping."""
    config.write_text("- a\n")


def bytes_of_no_text(config: Path, _keys: Path, _whole: dict[str, Any]) -> None:
    """Not UTF-8."""
    config.write_bytes(b"realm: \xff")


def unreadable(config: Path, _keys: Path, _whole: dict[str, Any]) -> None:
    """Something is there that cannot be read."""
    config.unlink()
    config.mkdir()


def deleted(config: Path, _keys: Path, _whole: dict[str, Any]) -> None:
    """Nothing is there."""
    config.unlink()


def an_unknown_issuer(config: Path, _keys: Path, whole: dict[str, Any]) -> None:
    """Parts that do not fit each other."""
    replace(config, whole | {"policies": {"default": {"issuers": ["other"]}}})


def a_bad_rule(config: Path, _keys: Path, whole: dict[str, Any]) -> None:
    """What only the gate can tell."""
    rule = {"claim": "sub", "matches": "("}
    replace(config, whole | {"policies": {"default": {"issuers": ["corp"], "require": [rule]}}})


def no_keys(_config: Path, keys: Path, _whole: dict[str, Any]) -> None:
    """A key file without keys."""
    keys.write_text('{"keys": []}')


def keys_deleted(_config: Path, keys: Path, _whole: dict[str, Any]) -> None:
    """A key file that is gone."""
    keys.unlink()


@pytest.mark.parametrize(
    "broken, places",
    [
        (truncated, ["jwtfast.yaml:"]),
        (empty, ["issuers: must be given", "policies: must be given"]),
        (wrong_types, ["realm: expected", "max_token_bytes: expected", "routes[0].policy: "]),
        (a_list, ["expected a mapping of settings"]),
        (bytes_of_no_text, ["jwtfast.yaml:1: expected UTF-8"]),
        (unreadable, ["jwtfast.yaml: cannot be read: Is a directory"]),
        (deleted, ["jwtfast.yaml: cannot be read: No such file"]),
        (an_unknown_issuer, ["policies.default.issuers[0]: expected the name of an issuer"]),
        (a_bad_rule, ["policies.default.require[0]"]),
        (no_keys, ["issuers[0].keys.jwks_file: "]),
        (keys_deleted, ["issuers[0].keys.jwks_file: ", "keys.json cannot be read: No such file"]),
    ],
)
def test_what_was_good_stays(service: Changing, broken: Break, places: list[str]) -> None:
    """The old gate serves, the failure is counted and each problem told; a good file ends it."""
    before = {result: service.reloads(result) for result in ("success", "failure")}
    told = len(service.told("configuration not reloaded", 0))
    keys = service.path.with_name("keys.json")
    broken(service.path, keys, good())
    service.await_reloads("failure", before["failure"] + 1)
    assert {service.ask(token=token()).status for _ in range(20)} == {200}
    assert service.ask(target="/readyz").status == 200
    line = service.told("configuration not reloaded", told + 1)[told]
    assert line["level"] == "error"
    problems = line["problems"]
    assert isinstance(problems, list)
    for place in places:
        assert [problem for problem in problems if place in problem], (place, problems)
    assert service.reloads("success") == before["success"]
    if service.path.is_dir():
        service.path.rmdir()
    restore(service.path.parent)
    service.await_reloads("success", before["success"] + 1)
    assert service.ask(token=token()).status == 200


def test_a_file_that_only_the_new_configuration_names(service: Changing) -> None:
    """Once it comes, the configuration that needs it is served, though nobody wrote that again."""
    failures, successes = service.reloads("failure"), service.reloads("success")
    config = good(realm="second")
    config["issuers"][0]["keys"] = {"jwks_file": "more.json"}
    replace(service.path, config)
    service.await_reloads("failure", failures + 1)
    more = service.path.with_name("more.json")
    more.write_text(service.path.with_name("keys.json").read_text())
    service.await_reloads("success", successes + 1)
    service.await_header("www-authenticate", 'Bearer realm="second"')
    restore(service.path.parent)
    service.await_header("www-authenticate", 'Bearer realm="api"')
    more.unlink()
    assert service.reloads("failure") == failures + 1


def test_a_secret_is_not_told(service: Changing) -> None:
    """A bad file is logged with its places, never with what may be a key."""
    failures = service.reloads("failure")
    config = good()
    config["issuers"][0]["keys"] = [{"secret": "hunter22", "algorithm": "HS256"}, "hunter22"]
    replace(service.path, config)
    service.await_reloads("failure", failures + 1)
    assert b"hunter22" not in service.output
    restore(service.path.parent)
    service.await_header("www-authenticate", 'Bearer realm="api"')


def test_what_this_start_cannot_serve(tmp_path: Path) -> None:
    """The front door of the start is asked, too: WSGI refuses headers that it would mix up."""
    with serving(tmp_path, interface="wsgi") as service:
        service.change(interface="asgi", token={"from": [{"header": "X-Token"}]})
        service.await_reloads("failure", 1)
        assert "does not tell apart" in str(service.told("configuration not reloaded"))
        assert service.ask(token=token()).status == 200


def test_the_settings_are_for_this_user_alone(service: Changing) -> None:
    """What is handed to the workers has secrets in it."""
    (directory,) = service.run_directories
    assert directory.stat().st_mode & 0o077 == 0
    (path,) = directory.glob("settings")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_uid == os.getuid()
