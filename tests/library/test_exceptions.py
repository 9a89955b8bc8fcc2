"""The tree of exceptions, each with the stable code of its reason."""

import inspect
import pickle

import pytest

import jwtfast
from jwtfast import exceptions

CLASSES = {
    name: found
    for name, found in vars(exceptions).items()
    if inspect.isclass(found) and issubclass(found, exceptions.JWTError)
}
OUTSIDE = {"jwt_error", "invalid_key", "invalid_config"}
"""Codes of the base and of what is raised at load, never for a request."""


def test_all_names_every_class() -> None:
    """`__all__` lists the classes that the module defines, and they end in Error."""
    assert sorted(CLASSES) == sorted(exceptions.__all__)
    assert [name for name in CLASSES if not name.endswith("Error")] == []


def test_one_class_for_each_reason() -> None:
    """Each reason code has one class, and each class one reason."""
    codes = [found.code for name, found in CLASSES.items() if name != "TokenError"]
    reasons = [code for code, _, _ in jwtfast.reasons()]
    assert sorted(codes) == sorted([*reasons, *OUTSIDE])


def test_code_and_name_agree() -> None:
    """A class is named as its code: TokenExpiredError is token_expired."""
    for name, found in CLASSES.items():
        if name not in {"TokenError", "JWTError", "ConfigError"}:
            words = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")
            assert found.code in {words, words.removesuffix("_error")}


def test_token_errors_are_the_401s() -> None:
    """What is wrong with a token or its request is a TokenError, and a gate answers it 401."""
    statuses = {code: status for code, status, _ in jwtfast.reasons()}
    tokens = {c.code for c in CLASSES.values() if issubclass(c, jwtfast.TokenError)}
    tokens.discard("jwt_error")
    assert tokens == {code for code, status in statuses.items() if status == 401}


def test_everything_is_a_jwt_error() -> None:
    """One `except` catches all, and what is wrong at load is a ValueError too."""
    assert all(issubclass(found, jwtfast.JWTError) for found in CLASSES.values())
    values = {name for name, found in CLASSES.items() if issubclass(found, ValueError)}
    assert values == {"InvalidKeyError", "ConfigError"}


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "ConfigError"])
def test_errors_survive_a_pickle(name: str) -> None:
    """Errors cross process borders, as pools of workers need."""
    error = CLASSES[name]("why")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in the same line
    assert (type(again), again.args) == (type(error), error.args)


def test_config_error_tells_all() -> None:
    """All errors of a configuration are listed, and its text has each of them."""
    errors = [("a.b", "is missing"), ("c[0]", "is no number")]
    error = jwtfast.ConfigError(errors)
    assert (error.errors, str(error)) == (errors, "a.b: is missing; c[0]: is no number")
