"""Shows that the tests behind each promise fail when the check behind it is taken out.

`python -m tests.advisories.mutants [WORD ...]` copies the checkout to `target/mutants`, spoils one
check at a time as the TOML files here say, builds where Rust changed, and runs the tests named
there. Words choose mutants whose row or text has one of them. Exit status 1: a mutant survived or
is out of date.

A mutant has: `row`, the promise; `what`, the change in words; `file`, of any language, a recipe
too; `find`, text that stands once in it; `replace`, what it becomes; `also`, more such changes,
where two checks stand behind each other; `tests`, what must fail: files of `tests/advisories`, or
paths from the root, with `::test_name` where one test shows it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.advisories.mutants.table import MUTANTS, Mutant, edits, path_of

ROOT: Final = Path(__file__).parents[3]
# Taken out of the environment, where the service would take it for a setting.
COPY: Final = Path(os.environ.pop("JWTFAST_MUTANTS", ROOT / "target" / "mutants"))
TARGET: Final = COPY / "target"
CRASH: Final = "the run ended without a result"

# One crate at a time changes, so speed of building counts, not speed of running.
BUILD_ENVIRONMENT: Final = {
    "CARGO_TARGET_DIR": str(TARGET),
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
    "CARGO_INCREMENTAL": "1",
    "PYO3_PYTHON": sys.executable,
    "PYO3_BUILD_EXTENSION_MODULE": "1",
}


def prepare() -> None:
    """Copy what git knows and nothing that was built; keep what an earlier run built."""
    COPY.mkdir(parents=True, exist_ok=True)
    for path in COPY.iterdir():
        if path.is_dir() and not path.is_symlink() and path != TARGET:
            shutil.rmtree(path)
        elif path != TARGET:
            path.unlink()
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            # With the time of now: cargo takes a file older than its last build for unchanged.
            shutil.copyfile(ROOT / name, COPY / name)
            shutil.copymode(ROOT / name, COPY / name)
    modules = ROOT / "tests" / "provider" / "node_modules"
    if modules.is_dir():
        (COPY / "tests" / "provider" / "node_modules").symlink_to(modules)


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
    shutil.copy(TARGET / "release" / "lib_core.so", module)
    return ""


def failing(tests: list[str]) -> set[str]:
    """Return the tests that fail in the copy."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider"),
            *map(path_of, tests),
        ],
        cwd=COPY,
        env={**os.environ, "PYTHONPATH": f"{COPY / 'python'}{os.pathsep}{COPY / 'server'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    words = ("FAILED ", "ERROR ")
    found = {line.split(" ", 1)[1].split(" - ")[0] for line in lines if line.startswith(words)}
    return found if done.returncode in {0, 1} else {*found, CRASH}


def place(mutant: Mutant) -> str:
    """Return the file and line of the check that is taken out."""
    text = (COPY / mutant["file"]).read_text()
    return f"{mutant['file']}:{text[: text.find(mutant['find'])].count(chr(10)) + 1}"


def is_native(mutant: Mutant) -> bool:
    """Return whether it changes what is compiled."""
    return any(edit["file"].startswith("rust/") for edit in edits(mutant))


def judge(mutant: Mutant, *, stale: bool) -> str:
    """Spoil the copy, run the row's tests, restore its sources; return what came of it.

    `stale` says that the native module is still the one of another mutant.
    """
    originals = {edit["file"]: (COPY / edit["file"]).read_text() for edit in edits(mutant)}
    spoilt = dict(originals)
    for edit in edits(mutant):
        if spoilt[edit["file"]].count(edit["find"]) != 1:
            return f"STALE: {edit['find'].splitlines()[0]!r} is not there exactly once"
        spoilt[edit["file"]] = spoilt[edit["file"]].replace(edit["find"], edit["replace"])
    try:
        for name, text in spoilt.items():
            (COPY / name).write_text(text)
        error = build() if stale or is_native(mutant) else ""
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
    chosen: list[dict[str, Any]] = [
        mutant
        for mutant in MUTANTS
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
    bad, stale = 0, False
    for mutant in chosen:
        where = place(mutant)
        outcome = judge(mutant, stale=stale)
        stale = is_native(mutant)
        bad += not outcome.startswith("seen")
        print(f"{mutant['row']} | {where} | {mutant['what']} | {outcome}", flush=True)  # noqa: T201
    print(f"{len(chosen)} mutants, {bad} not seen")  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
