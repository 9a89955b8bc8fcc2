"""The subrequest of ingress-nginx, by real NGINX configured as its `auth-url` makes it."""

from pathlib import Path

import pytest
import yaml

from tests.processes import Server
from tests.proxies.conftest import COMPOSED, RunNginx, ServeConfig
from tests.proxies.echo import Echo, echo
from tests.proxies.every import bearer
from tests.proxies.every_alias import LISTS, EveryAlias
from tests.proxies.every_preflight import EveryPreflight
from tests.proxies.every_route import EveryRoute
from tests.proxies.every_tunnel import EveryTunnel
from tests.proxies.proxy import Behind, filled, switched_on
from tests.settings import token
from tests.wire import Address, ask

_PREFIX = "nginx.ingress.kubernetes.io/"
_CLUSTER_HOST = "jwtfast.auth.svc.cluster.local"

# What the controller generates for auth-url, with its defaults: no keepalive to the auth service.
_CONFIG = """
map $http_upgrade $connection_upgrade {{
    default upgrade;
    '' '';
}}
underscores_in_headers off;
ignore_invalid_headers on;
server {{
    listen 127.0.0.1:PORT;
    location = /_external-auth {{
        internal;
        proxy_pass_request_body off;
        proxy_pass_request_headers on;
        proxy_http_version {version};
        proxy_set_header Content-Length "";
        proxy_set_header X-Forwarded-Proto "";
        proxy_set_header X-Request-ID $request_id;
        proxy_set_header Host {host};
        proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Sent-From nginx-ingress-controller;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Auth-Request-Redirect $request_uri;
        proxy_buffering off;
        proxy_buffer_size 4k;
        {auth_snippet}
        set $target {auth};
        proxy_pass $target;
    }}
    {snippet}
    location / {{
        auth_request /_external-auth;
        {identity}
        # Allow websocket connections
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection {connection};
        proxy_set_header Host $http_host;
        proxy_http_version 1.1;
        proxy_pass http://{application};
    }}
}}
"""


@pytest.fixture(scope="module")
def auth(serve_config: ServeConfig) -> Server:
    """The service with the file of all proxies, told that host and URI come in one URL."""
    return serve_config(COMPOSED)


@pytest.fixture(scope="session")
def recipe(recipes: Path) -> str:
    """The Ingress that users copy."""
    return (recipes / "nginx" / "ingress-nginx.yaml").read_text()


def annotated(recipe: str) -> dict[str, str]:
    """The annotations of an Ingress."""
    found: dict[str, str] = yaml.safe_load(recipe)["metadata"]["annotations"]
    return {name.removeprefix(_PREFIX): value for name, value in found.items()}


@pytest.fixture(scope="session")
def annotations(recipe: str) -> dict[str, str]:
    """The annotations of the Ingress that users copy."""
    return annotated(recipe)


def generated(
    annotations: dict[str, str], auth: str, application: Echo, version: str = "1.1"
) -> str:
    """What the controller makes of the annotations; `auth` stands for the cluster's DNS."""
    names = annotations["auth-response-headers"].split(",")
    identity = [
        f"auth_request_set $authHeader{index} $upstream_http_{name.lower().replace('-', '_')};"
        f"proxy_set_header {name} $authHeader{index};"
        for index, name in enumerate(names)
    ]
    return _CONFIG.format(
        version=version,
        host=_CLUSTER_HOST,
        auth=annotations["auth-url"].replace(f"{_CLUSTER_HOST}:8080", auth),
        identity="\n".join(identity),
        connection=annotations.get("connection-proxy-header", "$connection_upgrade"),
        snippet=annotations.get("server-snippet", ""),
        auth_snippet=annotations.get("auth-snippet", ""),
        application=application.address,
    )


@pytest.fixture(scope="module", params=["1.1", "1.0"])
def nginx(
    request: pytest.FixtureRequest,
    run_nginx: RunNginx,
    annotations: dict[str, str],
    auth: Server,
    _application: Echo,
) -> Address:
    """NGINX as the controller configures it; a new connection for each subrequest."""
    auth_address = "{}:{}".format(*auth.host_port)
    return run_nginx(generated(annotations, auth_address, _application, request.param))


@pytest.fixture(scope="module")
def behind(run_nginx: RunNginx, recipe: str, _application: Echo) -> Behind:
    """Start NGINX as the controller configures it from the recipe."""

    def run(
        auth: str, path: str = "/validate", *, clears_token: bool = False, http2: bool = False
    ) -> Address:
        line = f"{_PREFIX}auth-response-headers: X-User,X-Groups"
        chosen = recipe
        if clears_token:
            chosen = switched_on(recipe, f"{line},Authorization", instead_of=line)
        asked = annotated(filled(chosen, {":8080/validate": f":8080{path}"}))
        config = generated(asked, auth, _application)
        return run_nginx(config.replace(":PORT;", ":PORT http2;") if http2 else config)

    return run


class TestIngressNGINXAliases(EveryAlias):
    """Every case of header names."""

    # Proxy-Connection is no header that anybody may go by: see docs/proxies/ingress-nginx.md.
    @pytest.mark.parametrize("value", LISTS)
    @pytest.mark.parametrize("name", ["Connection", "Keep-Alive", "TE", "Trailer"])
    def test_a_header_of_one_hop(
        self, proxy: Address, application: Echo, name: str, value: str
    ) -> None:
        """As everywhere."""
        super().test_a_header_of_one_hop(proxy, application, name, value)


class TestIngressNGINXTunnels(EveryTunnel):
    """Every case of tunnels."""


class TestIngressNGINXPreflights(EveryPreflight):
    """Every case of CORS preflights."""

    # It passes all headers on as they are: see docs/proxies/ingress-nginx.md.
    for_a_control_byte = frozenset({200, 400, 401, 500})


class TestIngressNGINXRoutes(EveryRoute):
    """Every case of routes, with its one URL."""


@pytest.mark.parametrize("snippet", [True, False])
def test_custom_errors(
    run_nginx: RunNginx,
    annotations: dict[str, str],
    auth: Server,
    application: Echo,
    snippet: bool,  # noqa: FBT001 # a parameter of the test
) -> None:
    """With `custom-http-errors` the controller's page answers for jwtfast, but for the snippet."""
    chosen = {**annotations} if snippet else {**annotations, "auth-snippet": ""}
    errors = "proxy_intercept_errors on; error_page 401 403 503 = @custom;"
    page = "location @custom { return 200 sorry; }"
    config = generated(chosen, "{}:{}".format(*auth.host_port), application)
    nginx = run_nginx(errors + filled(config, {"location / {": f"{page} location / {{"}))

    ask(nginx, "GET", "/")
    # Without the snippet it passes: the page says so.
    assert len(application.take()) == (not snippet)
    assert ask(nginx, "GET", "/", [bearer()]).status == 200


def test_the_token_can_be_kept_from_the_application(
    behind: Behind, auth: Server, application: Echo
) -> None:
    """With the recipe's own line: jwtfast answers with no Authorization, so none is passed on."""
    nginx = behind("{}:{}".format(*auth.host_port), clears_token=True)

    assert ask(nginx, target="/", headers=[bearer()]).status == 200
    [seen] = application.take()
    assert (seen.all("x-user"), seen.all("authorization")) == (["user-1"], [])


def test_the_subrequest_is_the_one_of_ingress_nginx(
    run_nginx: RunNginx, annotations: dict[str, str], application: Echo
) -> None:
    """GET, no body, and exactly its headers beside the client's: so these tests prove something."""
    with echo() as recorder:
        nginx = run_nginx(generated(annotations, recorder.address, application))
        sent = [("Authorization", "Bearer x"), ("Cookie", "a=b"), ("X-Forwarded-For", "1.2.3.4")]
        ask(nginx, "POST", "/page?a=b", sent, b"body")
        [seen] = recorder.take()

    assert (seen.method, seen.target, seen.version) == ("GET", "/validate", "HTTP/1.1")
    assert seen.body == b""
    headers = dict(seen.headers)
    assert len(headers) == len(seen.headers)
    assert headers.pop("x-request-id")
    assert headers == {
        "host": _CLUSTER_HOST,
        "connection": "close",
        "authorization": "Bearer x",
        "cookie": "a=b",
        "x-original-url": "http://auth.example/page?a=b",
        "x-original-method": "POST",
        "x-sent-from": "nginx-ingress-controller",
        "x-real-ip": "127.0.0.1",
        "x-forwarded-for": "127.0.0.1",
        "x-auth-request-redirect": "/page?a=b",
        "x-original-uri": "/page?a=b",
        "x-original-host": "auth.example",
    }


@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"a body of the client")])
def test_pass_and_refuse(nginx: Address, application: Echo, method: str, body: bytes) -> None:
    """200 with identity headers, 401 with its challenge, 403; again and again."""
    for _ in range(20):
        bearer = [("Authorization", f"Bearer {token()}"), ("X-User", "root")]
        passed = ask(nginx, method, "/page", bearer, body)
        assert passed.status == 200
        [seen] = application.take()
        assert (seen.method, seen.body, seen.all("x-user")) == (method, body, ["user-1"])

        missing = ask(nginx, method, "/page", (), body)
        assert (missing.status, missing.get("www-authenticate")) == (401, 'Bearer realm="api"')

        denied = [("Authorization", f"Bearer {token(sub='mallory')}")]
        assert ask(nginx, method, "/page", denied, body).status == 403
        assert application.take() == []


def test_a_claim_that_is_absent_is_not_forged(nginx: Address, application: Echo) -> None:
    """The client's own X-Groups is dropped, as ours is empty."""
    headers = [("Authorization", f"Bearer {token()}"), ("X-Groups", "admin")]

    assert ask(nginx, target="/", headers=headers).status == 200
    [seen] = application.take()
    assert seen.all("x-groups") == []


def test_a_long_path(nginx: Address, application: Echo) -> None:
    """A path of 6 KiB comes twice in the subrequest's headers (ingress-nginx #10203)."""
    target = "/" + "a" * 6000

    assert ask(nginx, target=target, headers=[("Authorization", f"Bearer {token()}")]).status == 200
    assert ask(nginx, target=target).status == 401
    assert len(application.take()) == 1


def test_too_many_headers_never_pass(nginx: Address, application: Echo) -> None:
    """Above 100 headers the service refuses to read: a 500, never a pass."""
    many = [(f"X-{number}", "a") for number in range(120)]

    assert (
        ask(nginx, target="/", headers=[*many, ("Authorization", f"Bearer {token()}")]).status
        == 500
    )
    assert application.take() == []
