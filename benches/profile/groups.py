"""Functions put together by what they do: a rule by object file, and by name.

What the compiler inlined counts for the function that it was inlined into.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from benches.profile.callgrind import Costs, Function

__all__ = ["GROUPS", "OURS", "SIGNATURE", "group", "grouped"]

SIGNATURE: Final = "signature (aws-lc)"
OTHER: Final = "other"

OURS: Final = "_core."
"""How the object file of the native module begins."""


class _Rule(NamedTuple):
    """Functions of a group: those that both expressions are found in."""

    group: str
    object: re.Pattern[str]
    name: re.Pattern[str]


def _rule(group: str, in_object: str, in_name: str = "") -> _Rule:
    return _Rule(group, re.compile(in_object), re.compile(in_name))


_NATIVE: Final = rf"^{re.escape(OURS)}"
_C_LIBRARY: Final = r"^(libc|ld-linux)\b"
# AWS-LC prefixes its C functions; its assembler has local ones without a prefix, and Rust none.
_AWS_LC: Final = r"aws_lc|^(?!.*::)(L?(edwards|curve)25519|L?_*ecp_|bn_|sha\d|bignum_|p\d{3}|rsaz)"
_SEARCH: Final = r"(base64_simd|vsimd|memchr|aho_corasick|regex\w*|hashbrown)::|core::hash"
_ALLOCATOR: Final = r"(?i)^_*(c|re)?(m?alloc|free)$|_int_(free|m?alloc)|_?PyObject_(Malloc|Free)"

RULES: Final = (
    _rule(SIGNATURE, _NATIVE, _AWS_LC),
    _rule("cache", _NATIVE, r"jwtfast_core::(cache\b|token::encodes|verifier::.*verify_cached)"),
    _rule("json", _NATIVE, r"\b(jwtfast)?_core::json\b|from_ascii_radix"),
    _rule("claims, rules", _NATIVE, r"jwtfast_core::(claims|claim_path|rule|policy|routes)\b"),
    _rule("identity, answer", _NATIVE, r"jwtfast_core::(identity|decision)\b"),
    _rule("gate, token, key", _NATIVE, r"jwtfast_core::"),
    _rule("clock", _NATIVE, r"\b_core::clock\b|\bstd::(sys::)?(pal::)?(unix::)?time\b"),
    _rule("front door", _NATIVE, r"\b_core::(door|request)\b"),
    _rule("binding", _NATIVE, r"\b_core::|\bpyo3\w*::"),
    _rule("base64, search, hash", _NATIVE, _SEARCH),
    _rule("Rust's library", _NATIVE, r"\b(core|alloc|std)::|rust"),
    _rule("malloc, free", rf"{_C_LIBRARY}|python", _ALLOCATOR),
    _rule("copy, compare, fill", _C_LIBRARY, r"^_*(mem|str|bcmp)"),
    _rule("clock", rf"{_C_LIBRARY}|vdso", r"clock_gettime|gettimeofday"),
    _rule("granian", r"^_granian\."),
    _rule("Python", r"python"),
)
"""The first that fits counts: a destructor of the core's type belongs to the core."""

GROUPS: Final = (*dict.fromkeys(rule.group for rule in RULES), OTHER)


def group(function: Function) -> str:
    """What a function belongs to."""
    for rule in RULES:
        if rule.object.search(function.object) and rule.name.search(function.name):
            return rule.group
    return OTHER


def grouped(costs: Costs) -> Mapping[str, float]:
    """The sum of each group that has any, in the order of `GROUPS`."""
    sums = dict.fromkeys(GROUPS, 0.0)
    for function, cost in costs.items():
        sums[group(function)] += cost
    return {name: cost for name, cost in sums.items() if cost}
