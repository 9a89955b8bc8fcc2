"""A real OpenID provider: discovery, its access tokens (RFC 9068), and the rotation of its keys."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.forge import decode
from tests.processes import until
from tests.provider import Provider, claim
from tests.wire import Answer

FETCHED = 'jwtfast_keys_refresh_total{issuer="corp",result="success"}'
NOT_FETCHED = 'jwtfast_keys_refresh_total{issuer="corp",result="failure"}'


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    """A provider that trusts one client."""
    with Provider(tmp_path / "provider") as provider:
        yield provider


def refused(answer: Answer) -> tuple[int, str]:
    """The status of a refusal, and its reason code."""
    return answer.status, json.loads(answer.body)["code"]


def test_discovery(provider: Provider, serve: Serve) -> None:
    """Its access tokens pass, whichever of its algorithms signed; its other tokens do not."""
    service = serve(**provider.trusted())
    for algorithm, kid in (("ES256", "es-1"), ("RS256", "rs-1")):
        token = provider.access_token(algorithm)
        header = json.loads(decode(token.split(".")[0]))
        assert header == {"alg": algorithm, "typ": "at+jwt", "kid": kid}
        answer = service.ask(token=token)
        assert (answer.status, answer.get("x-user")) == (200, claim(token, "jti"))

    # Everything else about it is right: the issuer, the audience, the time and the signature.
    assert refused(service.ask(token=provider.id_token())) == (401, "wrong_token_type")
    elsewhere = provider.access_token(audience="other.example")
    assert refused(service.ask(token=elsewhere)) == (401, "wrong_audience")
    brief = provider.access_token(ttl=1)
    until(lambda: service.ask(token=brief).status == 401, "expired")
    assert refused(service.ask(token=brief)) == (401, "token_expired")
    service.stop()


def test_a_new_key_is_fetched_for_its_first_token(provider: Provider, serve: Serve) -> None:
    """Long before the next scheduled refresh, and without a restart; the old one serves on."""
    service = serve(**provider.trusted(every="7d"))
    old, workers = provider.access_token(), service.workers
    assert service.ask(token=old).status == 200

    provider.rotate("es-2", "rs-2", "es-1", "rs-1")
    new = [provider.access_token(algorithm) for algorithm in ("ES256", "RS256")]
    until(lambda: service.ask(token=new[0]).status == 200, "the new key works")
    assert [service.ask(token=token).status for token in (*new, old)] == [200, 200, 200]
    assert service.metric(FETCHED) == 2
    assert service.workers == workers
    service.stop()


def test_a_removed_key_stops_within_one_refresh(provider: Provider, serve: Serve) -> None:
    """The first refresh that begins after the removal ends it, for tokens seen before, too."""
    service = serve(**provider.trusted())
    old = provider.access_token()
    assert service.ask(token=old).status == 200

    provider.rotate("es-2", "rs-2")
    fetched = service.metric(FETCHED) or 0
    until(lambda: service.ask(token=old).status == 401, "the removed key stops")
    # One may have been under way.
    assert (service.metric(FETCHED) or 0) <= fetched + 2
    assert refused(service.ask(token=old)) == (401, "unknown_key")
    assert service.ask(token=provider.access_token()).status == 200
    service.stop()


def test_a_provider_that_is_down(provider: Provider, serve: Serve) -> None:
    """Its last keys serve on; back with other keys of the same names, only these serve."""
    service = serve(**provider.trusted())
    old = provider.access_token()
    provider.stop()
    until(lambda: (service.metric(NOT_FETCHED) or 0) >= 2, "it was asked in vain")
    assert service.ask(token=old).status == 200
    assert service.is_ready()

    provider.start()
    new = provider.access_token()
    until(lambda: service.ask(token=new).status == 200, "the new keys serve")
    assert refused(service.ask(token=old)) == (401, "invalid_signature")
    service.stop()


def test_the_reader_of_the_lock_file_finds_no_address() -> None:
    """Where packages come from is for each machine to say; what they are is fixed by their hash."""
    packages = json.loads(Path(__file__).with_name("package-lock.json").read_text())["packages"]
    del packages[""]
    assert all("integrity" in one and "resolved" not in one for one in packages.values())
