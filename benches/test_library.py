"""What one verification costs, beside other libraries, in one run on one machine.

`make bench` prints the table and writes it to `benches/results/library.json`. What aws-lc itself
needs for the bare signature comes from the criterion bench (`cargo bench`), where that was run.
"""

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import serialization

import jwtfast
from tests.forge import AUDIENCE, ISSUER, NOW, SYMMETRIC, claims, compact, decode, public_jwk
from tests.forge.token import public_key
from tests.verdict import key

pytestmark = pytest.mark.filterwarnings("ignore")

ROOT: Final = Path(__file__).parents[1]
CRITERION: Final = ROOT / "target" / "criterion"
"""Where `cargo bench` keeps its results: a folder for each algorithm and what was measured."""

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA", "HS256")
CLAIMS: Final = claims()

Verify = Callable[[str], Any]
MEDIANS: dict[tuple[str, str], float] = {}


def _jwtfast(algorithm: str) -> Verify:
    """Verify with a verifier that was made once."""
    judge = jwtfast.Verifier(key(algorithm), issuer=ISSUER, audience=AUDIENCE)
    return lambda token: judge.verify(token, now=NOW)


def _pyjwt(algorithm: str) -> Verify:
    """Verify with PyJWT as its documents show it: the key is a secret or a PEM."""
    jwt = pytest.importorskip("jwt")
    if algorithm in SYMMETRIC:
        given = decode(public_jwk(algorithm)["k"])
    else:
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        given = public_key(algorithm).public_bytes(serialization.Encoding.PEM, spki)
    names = [algorithm]
    return lambda token: jwt.decode(token, given, names, audience=AUDIENCE, issuer=ISSUER)


def _pyjwt_jwk(algorithm: str) -> Verify:
    """Verify with PyJWT and a key that was read once."""
    jwt = pytest.importorskip("jwt")
    jwk = jwt.PyJWK(public_jwk(algorithm, alg=algorithm))
    names = [algorithm]
    return lambda token: jwt.decode(token, jwk, names, audience=AUDIENCE, issuer=ISSUER)


def _joserfc(algorithm: str) -> Verify:
    """Verify with joserfc: signature, then claims."""
    jwt = pytest.importorskip("joserfc.jwt")
    jwk = pytest.importorskip("joserfc.jwk").import_key({**public_jwk(algorithm, alg=algorithm)})
    registry = jwt.JWTClaimsRegistry(
        exp={"essential": True},
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
    )
    names = [algorithm]

    def verify(token: str) -> Any:  # noqa: ANN401 - what the library gives
        found = jwt.decode(token, jwk, names).claims
        registry.validate(found)
        return found

    return verify


def _authlib(algorithm: str) -> Verify:
    """Verify with Authlib: signature, then claims."""
    with warnings.catch_warnings(action="ignore"):
        jose = pytest.importorskip("authlib.jose")
    jwk = jose.JsonWebKey.import_key(public_jwk(algorithm, alg=algorithm))
    reader = jose.JsonWebToken([algorithm])
    options = {
        "exp": {"essential": True},
        "iss": {"essential": True, "value": ISSUER},
        "aud": {"essential": True, "value": AUDIENCE},
    }

    def verify(token: str) -> Any:  # noqa: ANN401 - what the library gives
        found = reader.decode(token, jwk, claims_options=options)
        found.validate()
        return found

    return verify


def _python_jose(algorithm: str) -> Verify:
    """Verify with python-jose, which has no EdDSA."""
    jwt = pytest.importorskip("jose.jwt")
    jwk = public_jwk(algorithm, alg=algorithm)
    return lambda token: jwt.decode(token, jwk, algorithm, audience=AUDIENCE, issuer=ISSUER)


def _oxyjwt(algorithm: str) -> Verify:
    """Verify with oxyjwt and a key that was read once."""
    oxyjwt = pytest.importorskip("oxyjwt")
    jwk = oxyjwt.PyJWK(public_jwk(algorithm, alg=algorithm)).key
    names = [algorithm]
    return lambda token: oxyjwt.decode(token, jwk, names, audience=AUDIENCE, issuer=ISSUER)


def _webtoken(algorithm: str) -> Verify:
    """Verify with webtoken and a key that was read once."""
    webtoken = pytest.importorskip("webtoken")
    jwk = webtoken.PyJWK(public_jwk(algorithm, alg=algorithm))
    names = [algorithm]
    return lambda token: webtoken.decode(token, jwk, names, audience=AUDIENCE, issuer=ISSUER)


LIBRARIES: Final = {
    "jwtfast": _jwtfast,
    "oxyjwt": _oxyjwt,
    "webtoken": _webtoken,
    "joserfc": _joserfc,
    "authlib": _authlib,
    "PyJWT, key read once": _pyjwt_jwk,
    "PyJWT": _pyjwt,
    "python-jose": _python_jose,
}


PAIRS: Final = [
    (library, algorithm)
    for algorithm in ALGORITHMS
    for library in LIBRARIES
    if (library, algorithm) != ("python-jose", "EdDSA")
]


def raw(algorithm: str) -> float | None:
    """Return criterion's median, in seconds, of aws-lc's bare signature check."""
    path = CRITERION / algorithm / "raw aws-lc" / "new" / "estimates.json"
    if not path.is_file():
        return None
    nanoseconds: float = json.loads(path.read_text())["median"]["point_estimate"]
    return nanoseconds / 1e9


def table() -> list[str]:
    """Return the lines of the table: microseconds, and how many times jwtfast's."""
    lines = ["", f"{'verify to dict, median us':28}" + "".join(f"{n:>18}" for n in ALGORITHMS)]
    for library in LIBRARIES:
        cells = []
        for algorithm in ALGORITHMS:
            median, ours = (MEDIANS.get((name, algorithm)) for name in (library, "jwtfast"))
            known = median is not None and ours is not None
            cells.append(f"{median * 1e6:10.2f} {median / ours:6.2f}x" if known else "-")  # type: ignore[operator]
        lines.append(f"{library:28}" + "".join(f"{cell:>18}" for cell in cells))
    above = []
    for algorithm in ALGORITHMS:
        limit, ours = raw(algorithm), MEDIANS.get(("jwtfast", algorithm))
        known = limit is not None and ours is not None
        above.append(f"{(ours - limit) * 1e6:.2f}" if known else "-")  # type: ignore[operator]
    lines.append(f"{'jwtfast above raw aws-lc':28}" + "".join(f"{cell:>18}" for cell in above))
    return lines


@pytest.fixture(scope="module", autouse=True)
def report(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print and keep the table when all is measured."""
    yield
    if not MEDIANS:
        return
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        print("\n".join(table()))
    results = ROOT / "benches" / "results"
    results.mkdir(exist_ok=True)
    seconds: dict[str, dict[str, float]] = {name: {} for name in ALGORITHMS}
    for (library, algorithm), median in MEDIANS.items():
        seconds[algorithm][library] = median
    seconds["raw"] = {name: limit for name in ALGORITHMS if (limit := raw(name)) is not None}
    (results / "library.json").write_text(json.dumps(seconds, indent=2) + "\n")


@pytest.mark.parametrize("library, algorithm", PAIRS)
def test_verify(benchmark: Any, library: str, algorithm: str) -> None:  # noqa: ANN401
    """Each library gives the same claims for a good token, and refuses a stranger's; then time."""
    verify = LIBRARIES[library](algorithm)
    token = compact(algorithm)
    assert dict(verify(token)) == CLAIMS
    stranger = compact(algorithm, owner="strangers")
    with pytest.raises(Exception, match=""):  # noqa: PT011 - each library has its own
        verify(stranger)
    benchmark.group = algorithm
    benchmark(verify, token)
    if benchmark.stats:
        MEDIANS[library, algorithm] = benchmark.stats["median"]


def test_verify_many(benchmark: Any) -> None:  # noqa: ANN401
    """A thousand RS256 tokens at once, on all cores with the GIL released."""
    judge = jwtfast.Verifier(key("RS256"), issuer=ISSUER, audience=AUDIENCE)
    tokens = [compact("RS256", claims(sub=f"user-{number}")) for number in range(1000)]
    results = judge.verify_many(tokens, now=NOW)
    assert [result["sub"] for result in results if isinstance(result, dict)] == [
        f"user-{number}" for number in range(1000)
    ]
    benchmark.group = "1000 tokens"
    benchmark(judge.verify_many, tokens, now=NOW)
