"""A Content-Length whose body never comes: what a recipe without one of our lines makes of POST."""

from pathlib import Path

import pytest

from tests.processes import Server, until
from tests.proxies.conftest import RunNginx
from tests.proxies.echo import Echo, echo
from tests.proxies.every import bearer
from tests.proxies.proxy import filled
from tests.proxies.test_nginx import with_addresses
from tests.wire import Address, Connection, ask, raw_request

_LINES = ('        proxy_set_body "";\n', '        proxy_set_header Content-Length "";\n')
# As a body each would be a second answer, had the first subrequest swallowed it or left it behind.
_BODIES = (
    b"x",
    b"x" * 65_537,
    raw_request("GET", "/p/anyone"),
    raw_request("GET", "/validate", [bearer()]) * 40,
)


@pytest.fixture(scope="module")
def forgetful(recipes: Path) -> str:
    """The recipe, as many write it: no body is sent, but its length is."""
    recipe = (recipes / "nginx" / "jwtfast.conf").read_text()
    return filled(
        recipe,
        dict.fromkeys(_LINES, "") | {"http://jwtfast/validate;": "http://jwtfast/p/default;"},
    )


@pytest.fixture(scope="module")
def nginx(run_nginx: RunNginx, forgetful: str, auth: Server, _application: Echo) -> Address:
    """NGINX with one connection to jwtfast at most left open: each is used again and again."""
    one = filled(forgetful, {"keepalive 64;\n    # jwtfast": "keepalive 1;\n    # jwtfast"})
    return run_nginx(with_addresses(one, "{}:{}".format(*auth.host_port), _application.address))


def test_the_length_is_sent(run_nginx: RunNginx, forgetful: str, application: Echo) -> None:
    """So these tests prove something: NGINX tells of a body that it does not send."""
    with echo() as recorder:
        # It waits for the body, as jwtfast must not.
        recorder.status = 401
        nginx = run_nginx(with_addresses(forgetful, recorder.address, application.address))
        assert ask(nginx, "POST", "/", body=b"four").status == 500
        until(lambda: bool(recorder.seen), "it stopped waiting")
        [seen] = recorder.take()
    assert (seen.all("content-length"), seen.body) == (["4"], b"")
    assert application.take() == []


@pytest.mark.parametrize("body", _BODIES, ids=["one", "large", "request", "requests"])
def test_every_request_gets_its_own_answer(nginx: Address, application: Echo, body: bytes) -> None:
    """Good and bad ones in turn, with a body and without, one after the other and at once."""
    requests = [
        (200, raw_request("POST", "/", [bearer()], body)),
        (401, raw_request("POST", "/", [], body)),
        (401, raw_request("GET", "/")),
        (200, raw_request("GET", "/", [bearer()])),
        (403, raw_request("PUT", "/", [bearer(sub="mallory")], body)),
    ] * 6
    with Connection(nginx) as connection:
        for status, data in requests:
            connection.send(data)
            assert connection.answer().status == status
    assert [seen.body for seen in application.take()] == [body, b""] * 6
    with Connection(nginx) as connection:
        connection.send(b"".join(data for _, data in requests))
        assert [connection.answer().status for _ in requests] == [status for status, _ in requests]
    assert [seen.body for seen in application.take()] == [body, b""] * 6
