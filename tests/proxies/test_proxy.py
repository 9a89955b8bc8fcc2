"""What happens where a proxy is not installed."""

import pytest

from tests.proxies.proxy import found, switched_on


def test_a_missing_proxy_is_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody believes that a proxy is tested which is not."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-proxy is not installed: apt install"):
        found("no-such-proxy", "apt install")


def test_a_missing_proxy_is_a_skip_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its reason."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-proxy is not installed: apt install"):
        found("no-such-proxy", "apt install")


def test_an_optional_line_is_the_recipes_own() -> None:
    """A test cannot switch on what the recipe does not offer; what it stands for goes."""
    recipe = "a\n  b 1\n  # Instead:\n  # b 2\n"

    assert switched_on(recipe, "b 2") == "a\n  b 1\n  # Instead:\n  b 2\n"
    assert switched_on(recipe, "b 2", instead_of="b 1") == "a\n \n  # Instead:\n  b 2\n"
    for line, instead_of in (("b 3", None), ("b 2", "b 3"), ("b", None)):
        with pytest.raises(AssertionError):
            switched_on(recipe, line, instead_of)
