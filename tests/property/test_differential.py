"""100,000 tokens, judged here and by three other libraries: every difference is explained.

`docs/security.md` has a table of the kinds of token that another library takes and this one does
not, or the other way round. The kinds seen here are exactly those of the table.
"""

import itertools
import json
import os
import re
from typing import Final

import pytest

import jwtfast
from tests.forge import ALGORITHMS, decode
from tests.property.corpus import ACCEPTED, KINDS, Sample, samples
from tests.property.oracles import LIBRARIES, ROOT, UNSUPPORTED, ask
from tests.verdict import verdict, verifier

COUNT: Final = int(os.environ.get("JWTFAST_TOKENS", "100000"))
SEED: Final = int(os.environ.get("JWTFAST_SEED", "7519"))
BATCH: Final = 10_000

Difference = tuple[str, str, str]
"""A kind of token, a library, and what that library does with it."""


def documented() -> set[Difference]:
    """Return the differences that the table in `docs/security.md` lists."""
    text = (ROOT / "docs" / "security.md").read_text()
    table = re.search(r"<!-- differences -->\n(.*?)\n<!-- end -->", text, re.DOTALL)
    assert table is not None
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[1].splitlines()]
    assert rows[0][:5] == ["kind of token", "jwtfast", *LIBRARIES]
    return {
        (row[0], library, cell)
        for row in rows[2:]
        for library, cell in zip(LIBRARIES, row[2:5], strict=True)
        if cell not in {"", "="}
    }


def name_of(sample: Sample, found: str) -> str:
    """Return a token's kind; for one with noise, the kind that the noise has made of it."""
    if sample.expected is not None:
        return sample.kind
    if sample.kind == "payload noise" and found == "invalid_claim":
        values = json.loads(decode(sample.token.split(".")[1]))
        negative = [name for name in ("exp", "nbf", "iat") if values.get(name, 0) < 0]
        if len(negative) == 1:
            return f"{negative[0]} negative"
    return f"{sample.kind}: {found}"


@pytest.mark.timeout(1800)
def test_same_answer_as_other_libraries() -> None:
    """Every token gets the verdict it was made for, and the answer of the others but for a few."""
    judges = {name: verifier(name) for name in ALGORITHMS}
    corpus = samples(COUNT, SEED)
    wrong: list[tuple[Sample, str]] = []
    seen: dict[Difference, str] = {}
    others: dict[tuple[str, str], set[bool]] = {}
    accepted = dict.fromkeys(ALGORITHMS, 0)
    while batch := list(itertools.islice(corpus, BATCH)):
        ours = [verdict(sample.token, judges[sample.algorithm]) for sample in batch]
        for sample, found in zip(batch, ours, strict=True):
            accepted[sample.algorithm] += found == ACCEPTED
            if sample.expected not in {None, found}:
                wrong.append((sample, found))
        for sample, found, theirs in zip(batch, ours, ask(batch), strict=True):
            for library, accepts in theirs.items():
                supported = sample.algorithm not in UNSUPPORTED[library]
                if supported and sample.expected is not None:
                    others.setdefault((sample.kind, library), set()).add(accepts)
                if accepts != (found == ACCEPTED):
                    kind = name_of(sample, found) if supported else "unsupported algorithm"
                    word = "accepts" if accepts else "refuses"
                    seen.setdefault((kind, library, word), sample.token)
    assert wrong == []
    assert {pair for pair, answers in others.items() if len(answers) > 1} == set()
    assert {name for name, number in accepted.items() if number < COUNT / 100} == set()
    table = documented()
    assert {d: token for d, token in seen.items() if d not in table} == {}
    assert table - set(seen) == set()


def test_the_corpus_has_every_kind() -> None:
    """Each kind comes with each algorithm that it is for, so that no row is there for show."""
    pairs = {(sample.kind, sample.algorithm) for sample in samples(20_000, SEED)}
    assert pairs == {(name, a) for name, kind in KINDS.items() for a in kind.algorithms}


def test_the_corpus_comes_from_its_seed() -> None:
    """All but the salt of RSA-PSS comes from the seed, so a failure can be seen again."""
    steady = [
        [s.token for s in samples(3000, SEED) if s.algorithm[:2] != "PS" and "other" not in s.kind]
        for _ in range(2)
    ]
    assert steady[0] == steady[1]


def test_verify_many_says_the_same() -> None:
    """Many tokens at once get the same claims and errors as one by one."""
    judge = verifier("HS512")
    tokens = [sample.token for sample in samples(30_000, SEED) if sample.algorithm == "HS512"]
    results = judge.verify_many(tokens, now=1_800_000_000)
    together = [r.code if isinstance(r, jwtfast.JWTError) else ACCEPTED for r in results]
    assert together == [verdict(token, judge) for token in tokens]
