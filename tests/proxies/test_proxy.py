"""What happens where a proxy is not installed."""

import pytest

from tests.proxies.proxy import found


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
