"""The same HTTP through every front door."""

import json
import string

import pytest

from tests.forge import compact, encode
from tests.processes import Server
from tests.settings import token
from tests.wire import Connection, raw_request

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "M-SEARCH")
FORGED_NONE = ".".join((encode(b'{"alg":"none"}'), encode(b'{"sub":"user-1"}'), ""))
REFUSED = {
    "not a token": ("nonsense", "malformed_token"),
    "none": (FORGED_NONE, "algorithm_not_allowed"),
    "expired": (token(exp=1), "token_expired"),
    "not yet valid": (token(nbf=3_999_999_999), "token_not_yet_valid"),
    "other audience": (token(aud="other"), "wrong_audience"),
    "other issuer": (token(iss="https://other.example"), "wrong_issuer"),
    "other signer": (token(owner="strangers"), "invalid_signature"),
    "unknown key": (compact("ES256", header={"kid": "unknown"}), "unknown_key"),
    "crit": (
        compact("ES256", header={"kid": "a", "crit": ["exp"]}),
        "unsupported_critical_header",
    ),
    "no exp": (token(exp=...), "missing_claim"),
    "huge": ("a" * 20_000, "token_too_large"),
}


def test_a_good_token_passes(service: Server) -> None:
    """200, empty, with every identity header, also the one whose claim is absent."""
    answer = service.ask(token=token())

    assert (answer.status, answer.body) == (200, b"")
    assert answer.get("x-user") == "user-1"
    assert answer.get("x-groups") == ""
    assert answer.get("cache-control") == "no-store"
    assert answer.get("www-authenticate") is None


def test_identity_headers_carry_lists(service: Server) -> None:
    """An array claim arrives as comma-separated values."""
    answer = service.ask(token=token(sub="user-2", groups=["dev", "ops"]))

    assert (answer.get("x-user"), answer.get("x-groups")) == ("user-2", "dev,ops")


def test_no_token(service: Server) -> None:
    """401, and the challenge has no error: nothing was wrong (RFC 6750 section 3.1)."""
    answer = service.ask()

    assert answer.status == 401
    assert answer.get("www-authenticate") == 'Bearer realm="api"'
    assert json.loads(answer.body)["code"] == "missing_token"


@pytest.mark.parametrize("bad,code", REFUSED.values(), ids=REFUSED)
def test_a_bad_token_is_refused(service: Server, bad: str, code: str) -> None:
    """401 with the reason, in the challenge and in the body."""
    answer = service.ask(token=bad)
    challenge = answer.get("www-authenticate") or ""

    assert answer.status == 401
    assert challenge.startswith('Bearer realm="api", error="invalid_token"')
    assert code in challenge
    assert answer.get("content-type") == "application/problem+json"
    assert answer.get("cache-control") == "no-store"
    assert answer.get("x-user") is None
    problem = json.loads(answer.body)
    assert (problem["title"], problem["status"], problem["code"]) == ("Unauthorized", 401, code)
    assert problem["detail"].endswith(".")


def test_a_policy_says_no(service: Server) -> None:
    """403 with `insufficient_scope`: the token is good."""
    answer = service.ask(token=token(sub="mallory"))

    assert answer.status == 403
    assert 'error="insufficient_scope"' in (answer.get("www-authenticate") or "")
    assert json.loads(answer.body)["code"] == "policy_denied"


@pytest.mark.parametrize(
    "target",
    [
        "/p/admin",
        "/p/admin/",
        "/p/admin/any/path?claims_sub=x&access_token=y",
        "/p/admin/../open/",
        "/p/admin//p/open",
        "/p/admin/%2e%2e/%ff%zz%00",
        b"/p/admin/\xc3\xa9",
    ],
)
def test_the_path_picks_the_policy(service: Server, target: str | bytes) -> None:
    """What follows the policy's name changes nothing, whatever it is."""
    admin = service.ask(target=target, token=token(groups=["admin"]))
    other = service.ask(target=target, token=token())

    assert (admin.status, admin.get("x-user")) == (200, "user-1")
    assert other.status == 403


@pytest.mark.parametrize("target", ["/p/unknown", "/p/", "/p//admin", "/p/ADMIN", "/p/%ff"])
def test_no_such_policy(service: Server, target: str) -> None:
    """403, also with a good token."""
    answer = service.ask(target=target, token=token())

    assert answer.status == 403
    assert json.loads(answer.body)["code"] == "no_policy"


@pytest.mark.parametrize(
    "target",
    ["/", "/validate/", "//validate", "/Validate", "/validate;a", "/p", "/healthz/", "/x", "*"],
)
def test_other_paths(service: Server, target: str) -> None:
    """404, with a good token too."""
    assert service.ask(target=target, token=token()).status == 404


def test_health_goes_by_the_exact_path_only(service: Server) -> None:
    """No User-Agent of a prober passes (CVE-2026-34457)."""
    for agent in ("GoogleHC/1.0", "kube-probe/1.30", "ELB-HealthChecker/2.0", ""):
        assert service.ask(headers=[("User-Agent", agent)]).status == 401
    assert service.ask(target="/healthz").status == 200
    assert service.ask(target="/readyz").status == 200


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_decided_alike(service: Server, method: str) -> None:
    """No method is exempt, and none is refused; there is no override."""
    override = [("X-HTTP-Method-Override", "OPTIONS")]

    assert service.ask(method, token=token()).status == 200
    assert service.ask(method, headers=override).status == 401
    assert service.ask(method, "/p/admin/x", token=token()).status == 403


def test_head_has_no_body(service: Server) -> None:
    """The answer to HEAD ends with its headers: the next one follows at once."""
    with Connection(service.address) as connection:
        connection.send(raw_request("HEAD") + raw_request("GET"))
        head, get = connection.answer(to_head=True), connection.answer()

    assert (head.status, get.status) == (401, 401)
    assert head.get("content-length") == str(len(get.body))


def test_a_body_that_never_comes(service: Server) -> None:
    """A Content-Length alone, as proxies forward it, is answered without waiting."""
    announced = [("Authorization", f"Bearer {token()}"), ("Content-Length", "1000")]
    with Connection(service.address) as connection:
        connection.send(raw_request("POST", headers=announced))

        answer = connection.answer()
        # What comes next cannot be told from that body.
        assert (answer.status, answer.get("connection")) == (200, "close")
        assert connection.closed_by_peer()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_is_no_request(service: Server, method: str) -> None:
    """Whether it comes, or the next request comes instead: neither is taken for the other."""
    inner = raw_request(headers=[("Authorization", f"Bearer {token()}")])
    chunked = raw_request(method, headers=[("Transfer-Encoding", "chunked")])
    for request in (raw_request(method, body=inner), chunked + inner):
        with Connection(service.address) as connection:
            connection.send(request)
            answer = connection.answer()
            assert (answer.status, answer.get("connection")) == (401, "close")
            assert connection.closed_by_peer()


def test_a_body_of_no_length(service: Server) -> None:
    """`Content-Length: 0`, as Envoy sends it, announces none: the connection goes on."""
    with Connection(service.address) as connection:
        for _ in range(3):
            connection.send(raw_request("POST", headers=[("Content-Length", "0")]))
            answer = connection.answer()
            assert (answer.status, answer.get("connection")) == (401, None)


def test_pipelining(service: Server) -> None:
    """Answers come in the order of their requests."""
    good = raw_request(headers=[("Authorization", f"Bearer {token()}")])
    with Connection(service.address) as connection:
        connection.send((good + raw_request()) * 10)
        statuses = [connection.answer().status for _ in range(20)]

    assert statuses == [200, 401] * 10


def test_smuggling(service: Server) -> None:
    """With both Content-Length and Transfer-Encoding, nothing after the first answer is served."""
    both = [("Transfer-Encoding", "chunked"), ("Content-Length", "5")]
    good = raw_request(headers=[("Authorization", f"Bearer {token()}")])
    with Connection(service.address) as connection:
        connection.send(raw_request("POST", headers=both) + b"0\r\n\r\n" + good)

        assert connection.answer().status in {400, 401}
        assert connection.closed_by_peer()


def test_other_schemes_and_cases(service: Server) -> None:
    """The scheme is compared without case (RFC 9110 section 11.1); another one is no token."""
    for scheme in ("bearer", "BEARER", "Bearer "):
        assert service.ask(headers=[("authorization", f"{scheme} {token()}")]).status == 200
    for value in ("Basic dXNlcjpwYXNz", token(), f"Bearer{token()}", f"Token {token()}"):
        assert service.ask(headers=[("Authorization", value)]).status == 401


def test_header_names_are_taken_literally(service: Server) -> None:
    """No name that only looks like Authorization brings a token."""
    for name in ("X-Authorization", "Authorization_", "HTTP_AUTHORIZATION", "Proxy-Authorization"):
        assert service.ask(headers=[(name, f"Bearer {token()}")]).status == 401


def test_printable_method_names(service: Server) -> None:
    """A client may spell its method as it likes."""
    for method in ("get", string.ascii_letters, "!#$%&'*+-.^_`|~"):
        assert service.ask(method).status == 401
