"""Types of the native extension; `stubtest` holds this file against the built module."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, final

from jwtfast.exceptions import JWTError

__all__ = [
    "ALGORITHMS",
    "ANY",
    "AnyAudience",
    "Decision",
    "Door",
    "Gate",
    "Key",
    "KeySet",
    "RevocationList",
    "TokenCache",
    "Verifier",
    "__version__",
    "encode",
    "reasons",
]

__version__: Final[str]

ALGORITHMS: Final[tuple[str, ...]]
"""Every JWS algorithm name that can be verified (RFC 7518, RFC 8037, RFC 8812, RFC 9864)."""

@final
class AnyAudience:
    """The type of `ANY`."""

ANY: Final[AnyAudience]
"""Given as `audience`: a token's `aud` is not compared with anything."""

@final
class Key:
    """One key, bound at load to the algorithms it may verify; parsed once, immutable.

    A PEM or JWK given as a secret, an HMAC secret shorter than its hash, an RSA modulus under
    2048 bits, an exponent under 3 and a point off its curve are refused with `InvalidKeyError`.
    """

    @staticmethod
    def from_pem(pem: str | bytes, *, algorithm: str | None = None, kid: str | None = None) -> Key:
        """Read one PEM block: SPKI, PKCS#1, X.509 certificate, or a private key to sign with."""

    @staticmethod
    def from_jwk(jwk: str | bytes | Mapping[str, Any], *, allow_weak_hmac: bool = False) -> Key:
        """Read one JWK (RFC 7517), public or private."""

    @staticmethod
    def from_secret(
        secret: str | bytes,
        *,
        algorithm: str,
        kid: str | None = None,
        allow_weak_hmac: bool = False,
    ) -> Key:
        """Take the octets of an HMAC secret (RFC 7518 section 3.2)."""

    @property
    def kid(self) -> str | None:
        """The key's id, or None."""

    @property
    def algorithm(self) -> str | None:
        """The one algorithm the key was bound to, or None where its type alone binds it."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Every algorithm name a token may carry to be checked with this key."""

    @property
    def is_private(self) -> bool:
        """Whether the key can sign."""

    @property
    def is_symmetric(self) -> bool:
        """Whether the key is an HMAC secret."""

    def public_jwk(self) -> dict[str, str]:
        """The public half as a JWK (RFC 7517); an HMAC secret has none: `InvalidKeyError`."""

@final
class KeySet:
    """An immutable set of keys, looked up by `kid`; never mixes symmetric and asymmetric keys."""

    def __new__(cls, keys: Iterable[Key], *, mixed: bool = False) -> KeySet: ...
    @staticmethod
    def from_jwks(
        data: str | bytes | Mapping[str, Any],
        *,
        remote: bool = False,
        allow_weak_hmac: bool = False,
        skip_broken: bool = False,
        uses: Sequence[str] | None = None,
        ignore_key_ops: bool = False,
    ) -> KeySet:
        """Read a JWKS (RFC 7517 section 5), or an object of PEM texts by their kid.

        Entries of an unknown `kty`, `crv` or `alg`, or for another use than `sig`, are skipped
        and told in `skipped`. A broken entry raises `InvalidKeyError`, naming each one; with
        `remote=True` broken and symmetric entries are skipped too. No key left is an error.

        Args:
            data: the document, as text or as a mapping.
            remote: it came over the network: skip what is broken, and secrets.
            allow_weak_hmac: take secrets that are shorter than their hash.
            skip_broken: skip what is broken.
            uses: the values of `use` to take; `sig` where None.
            ignore_key_ops: take keys whatever their `key_ops` say.
        """

    @property
    def skipped(self) -> tuple[str, ...]:
        """One sentence for each entry that was left out: which, and why."""

    @property
    def broken(self) -> tuple[str, ...]:
        """Those of `skipped` that are broken or do not belong there, not only of another use."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Key]: ...

@final
class Verifier:
    """Verifies tokens against one key set; immutable, and safe to share between threads.

    Args:
        keys: a set, or one key.
        issuer: the accepted `iss`, one or several; None does not compare it.
        audience: the accepted `aud`, one or several; None refuses tokens that have one, `ANY`
            does not compare it.
        algorithms: allowed beyond what the keys are bound to; None allows all of that.
        leeway: seconds by which clocks may differ, at most 300; a mapping of `exp`, `nbf` and
            `iat` gives each its own, 0 where it is not named.
        require: claims that must be present beside `exp`.
        require_exp: False takes tokens without `exp`, which never expire.
        token_types: accepted `typ` header values (RFC 8725 section 3.11); None takes any but those
            of another purpose than access, such as `logout+jwt`.
        allow_bound: True takes tokens that are bound to a key by `cnf` (RFC 7800, RFC 8705,
            RFC 9449) from whoever brings them: the caller must ask for the proof.
        max_lifetime: the longest time from `iat` to `exp`; None takes any.
        max_token_bytes: longer tokens are refused unread.
        cache_bytes: how much may be kept of tokens that verified; times are checked each time.

    Raises:
        ValueError: an argument that cannot hold.
    """

    def __new__(
        cls,
        keys: KeySet | Key,
        *,
        issuer: str | Sequence[str] | None = None,
        audience: str | Sequence[str] | AnyAudience | None = None,
        algorithms: Sequence[str] | None = None,
        leeway: float | timedelta | Mapping[str, float | timedelta] = 0,
        require: Sequence[str] | None = (),
        require_exp: bool = True,
        token_types: str | Sequence[str] | None = None,
        allow_bound: bool = False,
        max_lifetime: float | timedelta | None = None,
        max_token_bytes: int = 65536,
        cache_bytes: int = 0,
    ) -> Verifier: ...
    def verify(self, token: str | bytes, *, now: float | None = None) -> dict[str, Any]:
        """The verified claims; raises the `JWTError` whose `code` says what is wrong."""

    def verify_many(
        self, tokens: Sequence[str | bytes], *, now: float | None = None
    ) -> list[dict[str, Any] | JWTError]:
        """Verify on all cores with the GIL released: per token its claims, or its error."""

    def verify_jws(self, token: str | bytes) -> bytes:
        """The payload of a compact JWS (RFC 7515) whose signature holds; claims are not read."""

def encode(
    claims: Mapping[str, Any] | bytes, key: Key, headers: Mapping[str, Any] | None = None
) -> str:
    """Sign claims (or payload bytes, as they are) into a compact JWS (RFC 7515 section 3.1).

    The header carries `alg`, `typ: JWT` and the key's `kid`; `headers` adds or replaces members,
    None takes one away, and its `alg` chooses among the key's algorithms.
    """

def reasons() -> list[tuple[str, int, str]]:
    """Every reason code with its status (0: the gate's unavailable status) and its sentence."""

@final
class RevocationList:
    """Tokens that pass no more although they verify; asked by every gate that was given it."""

    def __new__(cls) -> RevocationList:
        """Make a list without entries, which is available."""

    def replace(self, document: bytes) -> None:
        """Replace the content in one step, by what a JSON document says.

        `{"revoked": [{"jti": "a"}, {"sub": "user-1", "issued_before": 1790000000}]}`: each entry
        has exactly one of `jti`, `sub` and `kid` (the header's), and may have `iss` (tokens of
        this issuer only), `issued_before` (tokens with an older `iat`, or none) and `expires` (the
        entry ends then), in seconds since 1970. Raises `ConfigError`; the content then stays.
        """

    @property
    def available(self) -> bool:
        """Whether the content may be relied on; while not, good tokens get `keys_unavailable`."""

    @available.setter
    def available(self, value: bool) -> None: ...
    def __len__(self) -> int: ...

@final
class TokenCache:
    """A bounded store of verified tokens, found by their whole text; safe to share."""

    def __new__(cls, max_bytes: int) -> TokenCache:
        """Make an empty one that takes at most so many bytes."""

    @property
    def hits(self) -> int:
        """Tokens that were found."""

    @property
    def misses(self) -> int:
        """Tokens that were not."""

    @property
    def bytes(self) -> int:
        """Bytes that are taken."""

    def __len__(self) -> int: ...

@final
class Decision:
    """What the gate answers to one request."""

    @property
    def status(self) -> int:
        """200, 401, 403, or the gate's unavailable status."""

    @property
    def code(self) -> str | None:
        """The reason code of a denial (in shadow mode: of the denial that was not made)."""

    @property
    def detail(self) -> str | None:
        """One sentence on a denial, where more is known than its code; nothing of the token."""

    @property
    def policy(self) -> str:
        """The name of the policy that decided, empty where none was found."""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header of the answer, names in lower case, values safe to send (RSGI, WSGI)."""

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The same as bytes (ASGI)."""

    @property
    def seconds(self) -> float:
        """How long the decision took."""

@final
class Gate:
    """Request to decision, the whole hot path in one call; immutable."""

    def __new__(
        cls,
        settings: bytes,
        keys: Mapping[str, KeySet | None],
        *,
        revocation: Sequence[RevocationList] = (),
        cache: TokenCache | None = None,
    ) -> Gate:
        """Compile `settings` (JSON, see `jwtfast_core::settings`) with each issuer's key set.

        An issuer whose key set is None answers `keys_unavailable`. Lists and cache outlive the
        gate; what other gates verified is no hit for this one. Raises `ConfigError`, whose
        `errors` lists (path, message) for everything that is wrong.
        """

    @property
    def request_headers(self) -> tuple[str, ...]:
        """Names (lower case) of the request headers that `decide` wants."""

    @property
    def counter_labels(self) -> list[tuple[str, str, str]]:
        """(policy, result, reason) of each decision counter, in the buffer's order."""

    @property
    def bucket_bounds(self) -> tuple[float, ...]:
        """Upper bounds, in seconds, of the duration buckets behind the counters."""

    @property
    def needs_peer(self) -> bool:
        """Whether `decide` must be told who sent the subrequest."""

    def route(self, method: str, url: str, /) -> tuple[int | None, str]:
        """Tell which route, by its place in the list, and which policy a request would get.

        Args:
            method: the original request's method.
            url: its URL, or its path where the host is not known.

        Raises:
            BadOriginalRequestError: it can be read in more than one way, or a route needs a host.
            NoPolicyError: no route fits it.
        """

    def counts(self) -> bytes:
        """A snapshot of the counters, as unsigned 64-bit integers of this machine.

        One for each of `counter_labels`, one for each of `bucket_bounds`, one for what is
        slower, and last the sum of all durations in nanoseconds. Buckets are not cumulative.
        """

    def decide(
        self,
        policy: str | None,
        method: str,
        query: str | bytes,
        headers: Iterable[tuple[str | bytes, str | bytes]],
        *,
        peer: str | None = None,
        now: float | None = None,
    ) -> Decision:
        """Decide on one request; never raises for anything that a client sent.

        Args:
            policy: the policy's name, or None for the one that `routes` picks.
            method: the subrequest's own method.
            query: the subrequest's own query string, without the question mark.
            headers: names (in lower case) and values as they came, at least all those of
                `request_headers` and those that announce a body, which nobody reads: the answer
                then has `connection: close`. An ASGI scope's list is taken as it is.
            peer: the IP address that the subrequest came from, or `"unix"` over a Unix socket,
                whose permissions say who may ask; only asked for where `needs_peer`. Where it is
                None, nobody is trusted to tell the original request.
            now: seconds since 1970; the system's clock where None.
        """

    def internal_error(self) -> Decision:
        """The answer of a front door that failed itself; counted like any other."""

@final
class Door:
    """A gate as an application behind granian: its three interfaces, each in one call.

    Paths that are decided on are `/validate` and, where all methods are, `/p/POLICY`. What is given
    back is None for any other path, and else a tuple whose last item is the decision where somebody
    may want to write it down: every denial, and with `tells_allowed` every decision. Tuples, lists
    and dicts of one answer may be those of the next one: they are to be read only.
    """

    def __new__(
        cls,
        gate: Gate,
        *,
        bodies: dict[tuple[int, str | None], bytes],
        lines: dict[int, str],
        unreadable: Mapping[str, bytes],
        methods: Sequence[str] | None,
        over_unix: bool,
        tells_allowed: bool,
    ) -> Door:
        """Put a door before a gate.

        Args:
            gate: what decides.
            bodies: by status and reason code, the body of a denial.
            lines: by status, the status line of WSGI.
            unreadable: by header, what stands for a value that the interface cannot hand over.
            methods: those that are decided on; None for all.
            over_unix: whether it stands behind a Unix socket, whose permissions say who may ask;
                otherwise a gate that asks is told the address of who connected.
            tells_allowed: whether a 200 comes with its decision.
        """

    def asgi(
        self, scope: dict[str, Any], /
    ) -> tuple[dict[str, Any], dict[str, Any], Decision | None] | None:
        """The two events of the answer to an ASGI scope."""

    def rsgi(
        self, scope: object, /
    ) -> tuple[int, list[tuple[str, str]], bytes | None, Decision | None] | None:
        """Status, headers and body (None for an empty one) of the answer to an RSGI scope."""

    def wsgi(
        self, environ: dict[str, Any], /
    ) -> tuple[str, list[tuple[str, str]], list[bytes], Decision | None] | None:
        """Status line, headers and body of the answer to a WSGI environment (PEP 3333)."""
