"""Any bytes in any place: 401 or 403 with a reason, never a pass, never a mistake of ours."""

import json

import pytest

from tests.conftest import Serve
from tests.processes import Server
from tests.settings import token
from tests.wire import Answer, ask

# What RFC 9110 section 5.5 forbids in a header value; hyper answers 400 before we see anything.
CONTROL = {*range(0x20), 0x7F} - {0x09}
GOOD = f"Bearer {token()}".encode()
OPAQUE = b"Bearer \xff\xfe"


def with_values(service: Server, *values: bytes) -> Answer:
    """Send Authorization once for each value."""
    return service.ask(headers=[("Authorization", value) for value in values])


def test_every_byte_in_a_value(service: Server) -> None:
    """Each byte at the start, within and at the end of a token's header."""
    for byte in sorted(set(range(256)) - CONTROL):
        raw = bytes([byte])
        for value in (b"Bearer a" + raw + b"b", raw + GOOD, GOOD[:60] + raw + GOOD[60:]):
            if value.strip() == GOOD:
                continue
            answer = with_values(service, value)
            assert answer.status == 401, (byte, value)
            assert json.loads(answer.body)["code"]


def test_control_bytes_are_no_http(service: Server) -> None:
    """A header with a control byte is refused before anything is decided."""
    for byte in sorted(CONTROL - {0x0A, 0x0D}):
        assert with_values(service, GOOD + bytes([byte])).status == 400, byte


def test_a_value_of_any_bytes_is_malformed(service: Server) -> None:
    """UTF-8 or not: 401 `malformed_token`."""
    for value in (OPAQUE, "Bearer é".encode(), GOOD + b"\xa0", b"Bearer " + bytes(range(128, 256))):
        answer = with_values(service, value)
        assert answer.status == 401
        assert json.loads(answer.body)["code"] == "malformed_token"


@pytest.mark.parametrize(
    "values",
    [(GOOD, GOOD), (OPAQUE, GOOD), (GOOD, b"Bearer x"), (b"Bearer x", GOOD), (OPAQUE, OPAQUE)],
    ids=["good good", "opaque good", "good bad", "bad good", "opaque opaque"],
)
def test_two_values(service: Server, values: tuple[bytes, ...]) -> None:
    """A good token beside any other is refused (CVE-2021-32777)."""
    answer = with_values(service, *values)

    assert answer.status == 401
    assert json.loads(answer.body)["code"] in {"multiple_tokens", "malformed_token"}


def test_a_good_value_before_an_opaque_one(service: Server, request: pytest.FixtureRequest) -> None:
    """A second value that is not ASCII is seen, too: why ASGI is the default."""
    if "rsgi" in request.node.callspec.id:
        request.applymarker(
            pytest.mark.xfail(strict=True, reason="granian's RSGI hides the second value")
        )

    assert with_values(service, GOOD, OPAQUE).status == 401


def test_the_default_front_door_sees_every_value(serve: Serve) -> None:
    """Without a choice it is the one that hides nothing."""
    service = serve()

    assert with_values(service, GOOD).status == 200
    assert with_values(service, GOOD, OPAQUE).status == 401


def test_any_bytes_in_other_headers(service: Server) -> None:
    """What nobody asked for changes nothing."""
    for byte in sorted(set(range(256)) - CONTROL):
        headers = [("Authorization", GOOD), ("X-Other", bytes([byte])), ("Cookie", bytes([byte]))]
        assert service.ask(headers=headers).status == 200, byte


def test_any_bytes_in_the_path(service: Server) -> None:
    """Never a 200 for a path that is not exactly ours, never a mistake of ours."""
    for byte in range(256):
        for target in (
            b"/validate" + bytes([byte]),
            b"/p/admin%" + bytes([byte]),
            b"/%%%02x" % byte,
        ):
            status = service.ask(target=target + b"x", headers=[("Authorization", GOOD)]).status
            # 400: not even HTTP. /validate?x and /validate#x are /validate.
            decided = target in {b"/validate?", b"/validate#"}
            assert status in ({200} if decided else {400, 403, 404}), target


def test_any_bytes_in_the_query(service: Server) -> None:
    """The query decides nothing unless the configuration says so."""
    for query in (b"claims_sub=other", b"\xc3\xa9", b"a=%ff&%zz", b"?", b"&=&", b"x" * 30_000):
        answer = service.ask(target=b"/validate?" + query, headers=[("Authorization", GOOD)])
        assert answer.status == 200, query


@pytest.mark.parametrize("size,status", [(8, 401), (16, 401), (64, 401), (256, 401), (2048, 431)])
def test_sizes(service: Server, size: int, status: int) -> None:
    """A token of many KiB is too large; headers of 2 MiB are refused unread."""
    answer = ask(service.address, headers=[("Authorization", b"Bearer " + b"a" * (size << 10))])

    assert answer.status == status


def test_many_headers(service: Server) -> None:
    """Up to 100 headers are read; beyond that hyper answers 431."""
    headers = [(f"X-{number}", "a") for number in range(98)]

    assert service.ask(headers=headers, token=token()).status == 200
    assert service.ask(headers=headers * 2, token=token()).status == 431
