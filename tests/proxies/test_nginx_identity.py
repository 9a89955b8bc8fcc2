"""Large identities through real NGINX, whose buffer for a response head is that of the recipe."""

from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.proxies.conftest import RunNginx
from tests.proxies.echo import Echo
from tests.proxies.test_nginx import with_addresses
from tests.settings import token
from tests.wire import Address, Answer, ask

SUM = 7168
NAMES = {"X-User": "user", "X-Groups": "groups", "X-Mail": "mail"}
ROOM = SUM - sum(len(f"{name}: \r\n") for name in NAMES)
"""What the three claims may take together."""


@pytest.fixture(scope="module")
def nginx(
    run_nginx: RunNginx, recipes: Path, serve: Serve, _application: Echo
) -> dict[str, Address]:
    """NGINX with the recipe, before a service with three identity headers, at each interface."""
    recipe = (recipes / "nginx" / "jwtfast.conf").read_text()
    policies = {"default": {"issuers": ["corp"], "identity": NAMES}}
    found = {}
    for interface in ("asgi", "rsgi", "wsgi"):
        auth = "{}:{}".format(*serve(interface=interface, policies=policies).host_port)
        found[interface] = run_nginx(with_addresses(recipe, auth, _application.address))
    return found


def asked(nginx: Address, user: int, groups: int, mail: int) -> Answer:
    """What a client with claims of these lengths gets."""
    bearer = token(user="u" * user, groups="g" * groups, mail="m" * mail)
    return ask(nginx, headers=[("Authorization", f"Bearer {bearer}")])


@pytest.mark.parametrize("interface", ["asgi", "rsgi", "wsgi"])
@pytest.mark.parametrize(
    "lengths, expected",
    [
        ((3072, 3072, ROOM - 2 * 3072), 200),
        ((2300, 2300, 2300), 200),
        ((3072, 3072, ROOM - 2 * 3072 + 1), 403),
        ((2900, 2900, 2900), 403),
        ((3072, 3072, 3072), 403),
        ((3073, 0, 0), 403),
    ],
    ids=str,
)
def test_large_identities(
    nginx: dict[str, Address],
    application: Echo,
    interface: str,
    lengths: tuple[int, int, int],
    expected: int,
) -> None:
    """What is let in reaches the application whole; what does not fit is a 403, never a 500."""
    # Three times, so that kept answers come too.
    for _ in range(3):
        assert asked(nginx[interface], *lengths).status == expected
    seen = application.take()
    assert len(seen) == (3 if expected == 200 else 0)
    for request in seen:
        assert [len(value) for name, value in request.headers if name == "x-user"] == [lengths[0]]
