"""Requests through NGINX that are lost, or come by undecided, without a line of its recipe."""

from pathlib import Path

import pytest

from tests.processes import Server
from tests.proxies.conftest import RunNginx
from tests.proxies.echo import Echo
from tests.proxies.every import bearer
from tests.proxies.proxy import filled
from tests.proxies.test_nginx import with_addresses
from tests.wire import Address, Connection, ask

_PAGE = """
server {
    listen 127.0.0.1:PORT;
    location = /page {
        default_type text/html;
        return 200 'a <!--#include virtual="/admin/x" --> b';
    }
    location / { proxy_pass http://APPLICATION; }
}
"""


@pytest.fixture(scope="module")
def recipe(recipes: Path) -> str:
    """The recipe, word for word."""
    return (recipes / "nginx" / "jwtfast.conf").read_text()


@pytest.mark.parametrize("level", ["listen 80;", "satisfy all;"], ids=["server", "location"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body(
    run_nginx: RunNginx, recipe: str, auth: Server, application: Echo, level: str, *, chunked: bool
) -> None:
    """Above NGINX's own 1 MiB, where the application may have more: it arrives, or is a 401."""
    larger = filled(recipe, {level: f"{level} client_max_body_size 8m;"})
    nginx = run_nginx(with_addresses(larger, "{}:{}".format(*auth.host_port), application.address))
    body = b"x" * (3 << 20)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    length = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))
    for given, status in (([bearer()], 200), ([], 401)):
        with Connection(nginx) as client:
            lines = [f"{name}: {value}" for name, value in [length, *given]]
            head = "\r\n".join(["POST /page HTTP/1.1", "Host: auth.example", *lines, "", ""])
            client.send(head.encode() + sent)
            assert client.answer().status == status
    assert [len(one.body) for one in application.take()] == [len(body)]


@pytest.fixture(scope="module")
def nginx(run_nginx: RunNginx, recipe: str, auth: Server, _application: Echo) -> Address:
    """NGINX with the recipe, which asks for the policy of the route."""
    return run_nginx(with_addresses(recipe, "{}:{}".format(*auth.host_port), _application.address))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("host", [None, "", "auth.example", "admin.example"])
def test_no_host(nginx: Address, application: Echo, version: str, host: str | None) -> None:
    """HTTP/1.0 without Host is decided on as the server's own name; HTTP/1.1 needs one."""
    no_http = host == "" or (host is None and version == "1.1")
    for target, given, status in (
        ("/public/x", [], 401 if host == "admin.example" else 200),
        ("/page", [bearer()], 403 if host == "admin.example" else 200),
        ("/page", [], 401),
        ("/admin/x", [bearer()], 403),
    ):
        lines = [f"{name}: {value}" for name, value in given]
        lines += [] if host is None else [f"Host: {host}"]
        with Connection(nginx) as client:
            client.send("\r\n".join([f"GET {target} HTTP/{version}", *lines, "", ""]).encode())
            assert client.answer().status == (400 if no_http else status)
    application.take()


def test_what_a_page_includes(
    run_nginx: RunNginx, recipe: str, auth: Server, application: Echo
) -> None:
    """With `ssi on` around the recipe, a page does not have others asked for undecided."""
    page = run_nginx(_PAGE.replace("APPLICATION", application.address))
    assert isinstance(page, tuple)
    within = with_addresses(recipe, "{}:{}".format(*auth.host_port), f"127.0.0.1:{page[1]}")
    nginx = run_nginx(f"ssi on; {within}")

    assert ask(nginx, "GET", "/page", [bearer()]).status == 200
    assert application.take() == []


_DEFAULT = """
server {
    listen 127.0.0.1:PORT default_server;
    underscores_in_headers on;
    ignore_invalid_headers off;
}
"""


@pytest.mark.parametrize("name", ["X-User", "X_User", "x_USER", "X_Groups", "x_groups"])
@pytest.mark.parametrize("before", [True, False])
def test_another_default_server(
    run_nginx: RunNginx, recipe: str, auth: Server, application: Echo, name: str, *, before: bool
) -> None:
    """What it takes before Host comes reaches the application under no name of an identity."""
    within = with_addresses(recipe, "{}:{}".format(*auth.host_port), application.address)
    nginx = run_nginx(_DEFAULT + within)
    host, forged = "Host: app.example.com", f"{name}: root"
    lines = [forged, host] if before else [host, forged]
    with Connection(nginx) as client:
        given = [*lines, "{}: {}".format(*bearer(groups=["dev"]))]
        client.send("\r\n".join(["GET /page HTTP/1.1", *given, "", ""]).encode())
        assert client.answer().status == 200
    [seen] = application.take()
    assert "root" not in {value for _, value in seen.headers}
    assert (seen.all("x-user"), seen.all("x-groups")) == (["user-1"], ["dev"])
