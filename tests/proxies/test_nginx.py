"""Real NGINX with the recipe that users copy: `server/deploy/nginx/jwtfast.conf`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import Server, free_port
from tests.proxies.conftest import RunNginx
from tests.proxies.echo import Echo
from tests.settings import token
from tests.wire import Address, Answer, Connection, ask, raw_request

Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def recipe(recipes: Path) -> str:
    """The recipe, word for word."""
    return (recipes / "nginx" / "jwtfast.conf").read_text()


def with_addresses(recipe: str, auth: str, application: str) -> str:
    """The recipe with its three addresses filled in, as a user would."""
    for placeholder, address in {
        "listen 80;": "listen 127.0.0.1:PORT;",
        "server 127.0.0.1:8080;": f"server {auth};",
        "server 127.0.0.1:3000;": f"server {application};",
    }.items():
        assert recipe.count(placeholder) == 1
        recipe = recipe.replace(placeholder, address)
    return recipe


@pytest.fixture(scope="module")
def nginx(run_nginx: RunNginx, recipe: str, auth: Server, _application: Echo) -> Address:
    """NGINX in front of the service and the application."""
    auth_address = "{}:{}".format(*auth.host_port)
    return run_nginx(with_addresses(recipe, auth_address, _application.address))


@pytest.fixture
def visit(nginx: Address) -> Ask:
    """Ask NGINX, with a token or without."""

    def visit(
        method: str = "GET",
        target: str = "/some/page?a=b",
        *headers: tuple[str, str | bytes],
        bearer: str | None = None,
        body: bytes = b"",
    ) -> Answer:
        given = [] if bearer is None else [("Authorization", f"Bearer {bearer}")]
        return ask(nginx, method, target, [*given, *headers], body)

    return visit


def test_a_good_token_reaches_the_application(visit: Ask, application: Echo) -> None:
    """200, with who it is in the identity headers, and the request as it was."""
    bearer = token(groups=["dev", "ops"])
    answer = visit(bearer=bearer)

    assert (answer.status, answer.body) == (200, b"echo")
    [seen] = application.take()
    assert (seen.method, seen.target) == ("GET", "/some/page?a=b")
    assert (seen.all("x-user"), seen.all("x-groups")) == (["user-1"], ["dev,ops"])
    assert seen.all("authorization") == [f"Bearer {bearer}"]


def test_a_forged_identity_never_passes(visit: Ask, application: Echo) -> None:
    """What a client calls itself is replaced, or dropped where the token says nothing."""
    forged = [
        ("X-User", "root"),
        ("x-user", "root"),
        ("X_User", "root"),
        ("X-Groups", "admin"),
        ("X_Groups", "admin"),
    ]
    answer = visit("GET", "/", *forged, bearer=token())

    assert answer.status == 200
    [seen] = application.take()
    assert seen.all("x-user") == ["user-1"]
    assert seen.all("x-groups") == []
    assert not {"x_user", "x_groups"} & {name for name, _ in seen.headers}
    assert "root" not in {value for _, value in seen.headers}


@pytest.mark.parametrize("bearer", [None, "nonsense", token(exp=1)], ids=["none", "bad", "expired"])
def test_a_401_reaches_the_client(visit: Ask, application: Echo, bearer: str | None) -> None:
    """With its challenge; the application hears nothing."""
    answer = visit(bearer=bearer)

    assert answer.status == 401
    challenge = answer.get("www-authenticate") or ""
    assert challenge.startswith('Bearer realm="api"')
    assert ("invalid_token" in challenge) == (bearer is not None)
    assert application.take() == []


def test_a_403_reaches_the_client(visit: Ask, application: Echo) -> None:
    """A good token that the policy refuses."""
    assert visit(bearer=token(sub="mallory")).status == 403
    assert application.take() == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_body_reaches_the_application(visit: Ask, application: Echo, method: str) -> None:
    """The body goes past jwtfast to the application, whole."""
    body = bytes(range(256)) * 1024
    answer = visit(method, "/upload", bearer=token(), body=body)

    assert answer.status == 200
    [seen] = application.take()
    assert (seen.method, seen.body) == (method, body)
    assert visit(method, "/upload", bearer="nonsense", body=b"x" * 100).status == 401
    assert application.take() == []


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_no_method_is_exempt(visit: Ask, application: Echo, method: str) -> None:
    """Without a token nothing passes."""
    # NGINX itself refuses TRACE.
    assert visit(method, "/").status in ({405} if method == "TRACE" else {401})
    assert application.take() == []


def test_the_auth_location_is_not_reachable(visit: Ask, application: Echo) -> None:
    """A client cannot ask the internal location."""
    assert visit("GET", "/_jwtfast", bearer=token()).status == 404
    assert application.take() == []


@pytest.mark.parametrize("size", [8, 16])
def test_a_large_token(visit: Ask, application: Echo, size: int) -> None:
    """A token of 8 KiB, and one just below jwtfast's limit, pass the buffers."""
    room = (size << 10) * 3 // 4 - 400
    large = token(padding="x" * room)
    assert (size << 10) - 400 < len(large) <= size << 10

    assert visit(bearer=large).status == 200
    assert len(application.take()) == 1


def test_a_token_beyond_the_limit(visit: Ask) -> None:
    """Just above jwtfast's limit: 401 from jwtfast, as NGINX still has room."""
    answer = visit(bearer=token(padding="x" * (16 << 10)))

    assert answer.status == 401
    assert "token_too_large" in (answer.get("www-authenticate") or "")


def test_any_byte_in_the_token(visit: Ask, application: Echo) -> None:
    """401 for each, never a 500; 400 where NGINX itself sees no HTTP."""
    good = f"Bearer {token()}".encode()
    for byte in range(1, 256):
        # Space and tab around a value, and the end of the line, do not belong to it.
        if byte in b" \t\r\n":
            continue
        answer = visit("GET", "/", ("Authorization", good + bytes([byte])))
        assert answer.status == 401, byte
    assert visit("GET", "/", ("Authorization", good + b"\0")).status == 400
    assert application.take() == []


def test_two_tokens(visit: Ask, application: Echo) -> None:
    """Two Authorization headers never pass: NGINX 1.22 refuses, later ones join them."""
    good = ("Authorization", f"Bearer {token()}")

    for second in (good, ("Authorization", "Bearer x"), ("Authorization", b"\xff")):
        assert visit("GET", "/", good, second).status in {400, 401}
        assert visit("GET", "/", second, good).status in {400, 401}
    assert application.take() == []


def test_odd_requests(visit: Ask, application: Echo) -> None:
    """Odd paths, many headers, any bytes elsewhere: decided by the token alone."""
    many = [(f"X-{number}", "a") for number in range(150)]
    odd: list[tuple[str, str | bytes]] = [("X-Odd", bytes([byte])) for byte in (1, 9, 127, 255)]
    for target in ("/a/%2e%2e/b", "/a//b", "/a;b", "/%ff", "/é", "/?%00", "/a%2fb"):
        assert visit("GET", target).status == 401
        assert visit("GET", target, bearer=token()).status == 200, target
    assert visit("GET", "/", *many, bearer=token()).status == 200
    assert visit("GET", "/", *odd, bearer=token()).status == 200
    assert len(application.take()) == 9


def test_keepalive(nginx: Address, application: Echo) -> None:
    """Many requests over one connection, good and bad in turn, with and without a body."""
    bearer = [("Authorization", f"Bearer {token()}")]
    with Connection(nginx) as connection:
        for number in range(50):
            connection.send(raw_request("POST", f"/{number}", bearer, b"body"))
            assert connection.answer().status == 200
            connection.send(raw_request("POST", f"/{number}", body=b"body"))
            assert connection.answer().status == 401
    assert [seen.body for seen in application.take()] == [b"body"] * 50


def test_nothing_passes_without_jwtfast(
    run_nginx: RunNginx, recipe: str, application: Echo
) -> None:
    """Nobody answers at its address: 500, and the application hears nothing."""
    nobody = f"127.0.0.1:{free_port()}"
    nginx = run_nginx(with_addresses(recipe, nobody, application.address))

    for headers in ([], [("Authorization", f"Bearer {token()}")]):
        assert ask(nginx, target="/", headers=headers).status == 500
    assert application.take() == []
