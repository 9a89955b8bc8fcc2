"""Shows that the tests of each token threat fail when the check behind them is taken out.

`python -m tests.advisories.mutants [WORD ...]` copies the sources to `target/mutants`, spoils one
check at a time as `mutants.toml` says, builds, and runs the tests named there. Words choose
mutants whose row or text has one of them. Exit status 1: a mutant survived or is out of date.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
COPY: Final = Path(os.environ.get("JWTFAST_MUTANTS", ROOT / "target" / "mutants"))
CRASH: Final = "the run ended without a result"

# One crate at a time changes, so speed of building counts, not speed of running.
BUILD_ENVIRONMENT: Final = {
    "CARGO_TARGET_DIR": str(COPY / "target"),
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
    "CARGO_INCREMENTAL": "1",
    "PYO3_PYTHON": sys.executable,
    "PYO3_BUILD_EXTENSION_MODULE": "1",
}

Mutant = dict[str, Any]


def prepare() -> None:
    """Copy what is built, and nothing that was built."""
    COPY.mkdir(parents=True, exist_ok=True)
    for name in ("rust", "python"):
        shutil.rmtree(COPY / name, ignore_errors=True)
        ignored = shutil.ignore_patterns("*.so", "__pycache__", "target")
        # With the time of now: cargo takes a file older than its last build for unchanged.
        shutil.copytree(ROOT / name, COPY / name, ignore=ignored, copy_function=shutil.copyfile)
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copyfile(ROOT / name, COPY / name)


def build() -> str:
    """Build the native module of the copy; return what the compiler says against it."""
    command = ["cargo", "build", "--release", "--locked", "--quiet", "-p", "jwtfast-python"]
    done = subprocess.run(
        command,
        cwd=COPY,
        env={**os.environ, **BUILD_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done.stderr
    suffix = subprocess.run(
        [sys.executable, "-c", "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    module = COPY / "python" / "jwtfast" / f"_core{suffix}"
    module.unlink(missing_ok=True)
    shutil.copy(COPY / "target" / "release" / "lib_core.so", module)
    return ""


def failing(tests: list[str]) -> set[str]:
    """Return the tests that fail with the copy's module."""
    paths = [str(HERE / name) for name in tests]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", *paths],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(COPY / "python")},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    words = ("FAILED ", "ERROR ")
    found = {line.split(" ", 1)[1].split(" - ")[0] for line in lines if line.startswith(words)}
    return found if done.returncode in {0, 1} else {*found, CRASH}


def edits(mutant: Mutant) -> list[Mutant]:
    """Return the changes that make a mutant."""
    return [mutant, *mutant.get("also", ())]


def place(mutant: Mutant) -> str:
    """Return the file and line of the check that is taken out."""
    text = (COPY / mutant["file"]).read_text()
    return f"{mutant['file']}:{text[: text.find(mutant['find'])].count(chr(10)) + 1}"


def judge(mutant: Mutant) -> str:
    """Spoil the copy, run the row's tests, restore it; return what came of it."""
    originals = {edit["file"]: (COPY / edit["file"]).read_text() for edit in edits(mutant)}
    spoilt = dict(originals)
    for edit in edits(mutant):
        if spoilt[edit["file"]].count(edit["find"]) != 1:
            return f"STALE: {edit['find'].splitlines()[0]!r} is not there exactly once"
        spoilt[edit["file"]] = spoilt[edit["file"]].replace(edit["find"], edit["replace"])
    try:
        for name, text in spoilt.items():
            (COPY / name).write_text(text)
        error = build()
        if error:
            return f"BROKEN: {error}"
        new = failing(mutant["tests"])
    finally:
        for name, text in originals.items():
            (COPY / name).write_text(text)
    if not new:
        return "SURVIVED"
    example = min(new, key=len).removeprefix("tests/advisories/")
    return f"seen: {len(new)} fail, {example}"


def main(words: list[str]) -> int:
    """Run all mutants, or those that the words choose."""
    mutants = tomllib.loads((HERE / "mutants.toml").read_text())["mutant"]
    chosen = [
        mutant
        for mutant in mutants
        if not words or any(word in f"{mutant['row']} | {mutant['what']}" for word in words)
    ]
    prepare()
    error = build()
    if error:
        print(error)  # noqa: T201
        return 1
    known = failing(sorted({name for mutant in chosen for name in mutant["tests"]}))
    if known:
        print(f"{len(known)} tests fail before any mutant: {min(known)}")  # noqa: T201
        return 1
    bad = 0
    for mutant in chosen:
        where = place(mutant)
        outcome = judge(mutant)
        bad += not outcome.startswith("seen")
        print(f"{mutant['row']} | {where} | {mutant['what']} | {outcome}", flush=True)  # noqa: T201
    print(f"{len(chosen)} mutants, {bad} not seen")  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
