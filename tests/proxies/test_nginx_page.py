"""The lines of docs/proxies/nginx.md in real NGINX: locations, and other ways to an application."""

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.processes import Server
from tests.proxies.conftest import RunNginx
from tests.proxies.echo import Echo
from tests.proxies.every import bearer
from tests.proxies.every_alias import ALIASES
from tests.proxies.gateways import GATEWAYS, Pairs, gateway
from tests.proxies.php import PHP
from tests.proxies.proxy import filled
from tests.proxies.test_nginx import with_addresses
from tests.wire import Address, ask

_FORGED = [(alias, "root") for alias in ("X-User", "X-Groups", "Proxy", *ALIASES)]


@pytest.fixture(scope="module")
def lines(recipes: Path) -> dict[str, str]:
    """By their first line, a comment, the blocks of the page."""
    page = (recipes.parents[1] / "docs" / "proxies" / "nginx.md").read_text()
    blocks = re.findall(r"^```nginx\n# (\w+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    return dict(blocks)


@pytest.fixture(scope="module")
def recipe(recipes: Path) -> str:
    """The recipe, asking for one policy."""
    text = (recipes / "nginx" / "jwtfast.conf").read_text()
    return filled(text, {"http://jwtfast/validate;": "http://jwtfast/p/default;"})


def instead(recipe: str, block: str, address: str, auth: Server) -> str:
    """The recipe with a block in place of what its `location /` says of proxying."""
    head, rest = recipe.split("        # This also drops", 1)
    _, tail = rest.split("    location = /_jwtfast {", 1)
    # Where Debian has fastcgi_params and its kin.
    block = block.replace("include ", "include /etc/nginx/")
    whole = f"{head}{block}    }}\n    location = /_jwtfast {{{tail}"
    return with_addresses(whole, "{}:{}".format(*auth.host_port), address)


@pytest.fixture(params=list(GATEWAYS))
def gated(
    request: pytest.FixtureRequest,
    run_nginx: RunNginx,
    lines: dict[str, str],
    recipe: str,
    auth: Server,
) -> Iterator[tuple[Address, list[Pairs]]]:
    """NGINX before an application of each kind."""
    with gateway(request.param) as (address, seen):
        yield run_nginx(instead(recipe, lines[request.param], address, auth)), seen


def test_another_way_to_the_application(gated: tuple[Address, list[Pairs]]) -> None:
    """It gets jwtfast's identity headers only, and nothing without a good token."""
    nginx, seen = gated
    for groups, expected in ((["dev"], ["dev"]), ([], [])):
        assert ask(nginx, "GET", "/a?b=c", [*_FORGED, bearer(groups=groups)]).status == 200
        [pairs] = seen
        assert "root" not in {value for name, value in pairs if name != "proxy"}
        named = [
            (name.upper().removeprefix("HTTP_").replace("-", "_"), value) for name, value in pairs
        ]
        assert [value for name, value in named if name == "X_USER"] == ["user-1"]
        assert [value for name, value in named if name == "X_GROUPS" and value] == expected
        seen.clear()
    for given in ([], [bearer(sub="mallory")], _FORGED):
        assert ask(nginx, "GET", "/a", given).status in {401, 403}
    assert seen == []


def test_php(
    run_nginx: RunNginx, lines: dict[str, str], recipe: str, auth: Server, real_php: PHP
) -> None:
    """Real PHP by fastcgi_pass: `$_SERVER` tells what jwtfast says, under whatever name."""
    block = f"        root {real_php.script.parent};\n{lines['fastcgi_pass']}"
    nginx = run_nginx(instead(recipe, block, f"unix:{real_php.path}", auth))
    target = f"/{real_php.script.name}"

    for groups, expected in ((["dev"], "dev"), ([], "")):
        answer = ask(nginx, "GET", target, [*_FORGED, bearer(groups=groups)])
        assert answer.status == 200
        server = orjson.loads(answer.body)
        assert (server["HTTP_X_USER"], server["HTTP_X_GROUPS"]) == ("user-1", expected)
        assert "root" not in server.values()
    assert ask(nginx, "GET", target, _FORGED).status == 401


@pytest.fixture(scope="module")
def located(
    run_nginx: RunNginx, lines: dict[str, str], recipe: str, auth: Server, _application: Echo
) -> Address:
    """NGINX with the page's locations, one for PHP beside them."""
    question = recipe[recipe.index("    location = /_jwtfast {") : recipe.rindex("}")]
    admin = question.replace("= /_jwtfast", "= /_jwtfast_admin").replace("/p/default", "/p/admin")
    identity = "proxy_set_header X-User $jwtfast_user; proxy_pass http://$jwtfast_application;"
    php = f"location ~ \\.php$ {{ {identity} }}"
    more = f"{lines['locations']}\n{php}\n{admin}\n    location / {{"
    whole = filled(recipe, {"    location / {": more})
    return run_nginx(with_addresses(whole, "{}:{}".format(*auth.host_port), _application.address))


@pytest.mark.parametrize(
    "target,policy",
    [
        ("/admin", "admin"),
        ("/admin/", "admin"),
        ("/admin/x", "admin"),
        ("/admin/x.php", "admin"),
        ("/admin?a=b", "admin"),
        ("//admin/x", "admin"),
        ("/x/../admin/x", "admin"),
        ("/%61dmin/x", "admin"),
        ("/administrator", "default"),
        ("/admin../x", "default"),
        ("/admin.php", "default"),
        ("/adminx.php", "default"),
        ("/ADMIN/x", "default"),
        ("/admin%2fx", "admin"),
        ("/x.php", "default"),
    ],
)
def test_locations(located: Address, application: Echo, target: str, policy: str) -> None:
    """Each location asks for its own policy, for whole elements of the path; nobody comes by."""
    tokens = {"admin": bearer(sub="user-9", groups=["admin"]), "default": bearer()}
    forged = ("X-User", "root")
    for name, token in tokens.items():
        # In doubt, jwtfast says no; where NGINX has one location, both read it alike.
        expected = {200, 403} if name == policy else {403}
        assert ask(located, "GET", target, [token, forged]).status in expected
    assert ask(located, "GET", target, [forged]).status in {401, 403}
    assert "root" not in {value for one in application.take() for value in one.all("x-user")}
    plain = "%2f" not in target and ".." not in target and "//" not in target
    assert not plain or ask(located, "GET", target, [tokens[policy]]).status == 200
