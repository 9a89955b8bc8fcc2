"""Every byte at every place of hosts, paths and header names; inherited by a proxy's tests.

A few thousand by default, `make sweep` sends 100,000 of each. SWEEP_SEED chooses others.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Final

import pytest

from tests.proxies.echo import Echo, Seen
from tests.proxies.every import bearer
from tests.proxies.php import PHP
from tests.proxies.sweep import (
    Case,
    Client,
    hosts,
    identity_names,
    paths,
    readings,
    told_names,
)
from tests.wire import Address

__all__ = ["EverySweep"]

REQUESTS: Final = int(os.environ.get("SWEEP_REQUESTS", "2000"))
SEED: Final = int(os.environ.get("SWEEP_SEED", "20261125"))
# What a proxy or jwtfast says to what it does not take; 0 is the end of a stream or connection.
_NO: Final = {0, 400, 401, 403, 404, 405, 414, 421, 422, 426, 431, 501, 505}
_TOKEN: Final = [bearer(groups=["dev"])]
_EXPECTED: Final = {"HTTP_X_USER": "user-1", "HTTP_X_GROUPS": "dev"}

Judge = Callable[[Case, Seen], str | None]
"""What is wrong with a request that reached the application."""


def chance() -> Random:
    """The same each time, for the same seed."""
    return Random(SEED)  # noqa: S311 # no secret


@pytest.mark.timeout(max(120, REQUESTS // 20))
class EverySweep:
    """The tests; `routed` asks /validate by HTTP/1, `routed_http2` by HTTP/2."""

    def served(self, seen: Seen) -> tuple[str, str]:
        """The host and the path that the proxy itself took the request for."""
        host = ",".join(seen.all("host"))
        # HAProxy passes a whole URL on as it is.
        target = seen.target
        if target.lower().startswith(("http://", "https://")):
            target = "/" + target.partition("//")[2].partition("/")[2]
        return host, target.partition("?")[0].partition("#")[0]

    def test_hosts(self, routed: Address, routed_http2: tuple[str, int], application: Echo) -> None:
        """Whatever stands in a host, only the open route of another host is open."""
        self._sweep("hosts", hosts(chance()), routed, routed_http2, application, self._open)

    def test_paths(self, routed: Address, routed_http2: tuple[str, int], application: Echo) -> None:
        """However a path is written, what passes without a token is open for the proxy too."""
        self._sweep("paths", paths(chance()), routed, routed_http2, application, self._open)

    def test_told_names(
        self, routed: Address, routed_http2: tuple[str, int], application: Echo
    ) -> None:
        """No spelling of what tells the original request opens anything."""
        cases = told_names(chance())
        self._sweep("told names", cases, routed, routed_http2, application, self._open)

    def test_identity_names(
        self, routed: Address, routed_http2: tuple[str, int], application: Echo, real_php: PHP
    ) -> None:
        """Whatever a header is called, the application, and PHP, gets jwtfast's identity."""
        kept: dict[tuple[tuple[str, str], ...], bool] = {}

        def judge(_: Case, seen: Seen) -> str | None:
            headers = tuple(pair for pair in seen.headers if pair[0][:1] in {"x", "h", "_", "-"})
            headers = tuple(pair for pair in headers if pair[0] != "x-number")
            if headers not in kept:
                server = real_php.server(headers)
                named = [
                    "".join(one if one.isalnum() else "_" for one in name) for name, _ in headers
                ]
                kept[headers] = server.items() >= _EXPECTED.items() and (
                    named.count("x_user"),
                    named.count("x_groups"),
                ) == (1, 1)
            return None if kept[headers] else f"identity {headers}"

        cases = identity_names(chance(), _TOKEN)
        self._sweep("identity names", cases, routed, routed_http2, application, judge)

    def _open(self, case: Case, seen: Seen) -> str | None:
        host, path = self.served(seen)
        if case.method != "GET" or seen.method != "GET":
            return f"{seen.method} passed"
        if host.lower().partition(":")[0].rstrip(".") == "admin.example":
            return f"the admin host passed: {host!r}"
        closed = [one for one in readings(path) if one != "/public" and one[:8] != "/public/"]
        return f"read as {closed}" if closed else None

    def _sweep(
        self,
        subject: str,
        cases: Iterable[Case],
        http1: Address,
        http2: tuple[str, int],
        application: Echo,
        judge: Judge,
    ) -> None:
        started, statuses, wrong = time.monotonic(), Counter[int](), list[str]()
        reached = 0
        with Client(http1, http2) as client:
            for number, case in zip(range(REQUESTS), cases, strict=False):
                status = client.status(case)
                statuses[status] += 1
                heard = application.take()
                reached += len(heard)
                if status not in _NO and status != 200:
                    wrong.append(f"{case}: {status}")
                if len(heard) != (status == 200):
                    wrong.append(f"{case}: {status}, but {len(heard)} reached the application")
                wrong += [
                    f"{case}: {fault}" for fault in (judge(case, one) for one in heard) if fault
                ]
                if number % 20_000 == 19_999:
                    sys.stdout.write(f"{subject}: {number + 1}, {len(wrong)} differences\n")
        seconds = time.monotonic() - started
        sys.stdout.write(
            f"\n{type(self).__name__} {subject}: {sum(statuses.values())} requests of seed {SEED}, "
            f"{reached} reached the application, {dict(sorted(statuses.items()))}, "
            f"{len(wrong)} differences in {seconds:.1f} s\n"
        )
        assert wrong[:20] == []
        # It was no sweep if everything or nothing passed.
        assert 0 < reached <= sum(statuses.values())
