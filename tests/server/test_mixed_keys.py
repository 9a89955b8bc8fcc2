"""An HMAC secret beside public keys: on purpose only, and each for its own algorithms."""

import json
from pathlib import Path

import pytest

import jwtfast
from tests.configs import load_text, problems_of
from tests.forge import ASYMMETRIC, SYMMETRIC, compact, public_jwk
from tests.keyserver import entry
from tests.server.test_remote_sources import SECRET, with_keys
from tests.verdict import ACCEPTED, key, verdict, verifier

BOTH = f"[{{jwk: {json.dumps(entry('a'))}}}, {{secret: {SECRET}, algorithm: HS256}}]"
FETCHED = f"[{{jwks_url: 'https://x/'}}, {{secret: {SECRET}, algorithm: HS256}}]"


@pytest.mark.parametrize("keys", [BOTH, FETCHED])
@pytest.mark.parametrize("algorithms", [None, "[HS256]", "[ES256]", "[ES256, RS256]"])
def test_never_by_mistake(tmp_path: Path, keys: str, algorithms: str | None) -> None:
    """They stand together only where the algorithms name those of both."""
    text = with_keys(keys, **({"algorithms": algorithms} if algorithms else {}))
    (found,) = problems_of(tmp_path, text)
    assert "unless `algorithms` names those of both" in found
    settings = load_text(tmp_path, with_keys(keys, algorithms="[HS256, ES256]"))
    assert settings.issuers[0].algorithms == ("HS256", "ES256")


@pytest.mark.parametrize(
    "keys", ["{jwks_url: 'https://x/'}", f"{{secret: {SECRET}, algorithm: HS256}}"]
)
def test_algorithms_of_both_need_keys_of_both(tmp_path: Path, keys: str) -> None:
    """Algorithms that no key could be meant for are a mistake."""
    (found,) = problems_of(tmp_path, with_keys(keys, algorithms="[HS256, ES256]"))
    assert "never both" in found


@pytest.mark.parametrize("mac", SYMMETRIC)
@pytest.mark.parametrize("algorithm", ASYMMETRIC)
@pytest.mark.parametrize("kid", [None, "a"])
def test_each_key_is_bound_to_its_own(mac: str, algorithm: str, kid: str | None) -> None:
    """Both tokens pass; none of the secret's kind that the public key could make does."""
    keys = jwtfast.KeySet([key(mac, kid), key(algorithm, kid)], mixed=True)
    judge = verifier(keys=keys, algorithms=[mac, algorithm])
    header = {"kid": kid} if kid else {}
    for name in (mac, algorithm):
        assert verdict(compact(name, header=header), judge) == ACCEPTED
        assert verdict(compact(name, header=header, owner="strangers"), judge) != ACCEPTED
        other = algorithm if name == mac else mac
        assert verdict(compact(name, header={**header, "alg": other}), judge) != ACCEPTED
    public = json.dumps(public_jwk(algorithm)).encode()
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_secret(public, algorithm=mac)
