"""What is told of a configuration that may be cut off: by `check`, and by the service."""

import signal
from pathlib import Path

import yaml

from jwtfast_server.config import load
from tests.server.reloading import serving
from tests.server.watching import WHOLE
from tests.settings import standard, token


def test_check_tells_a_last_line_without_its_end(tmp_path: Path) -> None:
    """It is no error, for many write so; nor is an end that is asked for too late."""
    path = tmp_path / "jwtfast.yaml"
    for text, notes in (
        (WHOLE, []),
        (WHOLE[:-1], ["the last line has no end"]),
        (WHOLE + "...", []),
        (WHOLE + "reload: {require_end: true}\n...\n", ["put it first"]),
        ("reload: {require_end: true}\n" + WHOLE + "...\n", []),
    ):
        path.write_text(text)
        found = load(path, env={}).notes
        assert [note for note in notes if note in str(found)] == notes
        assert len(found) == len(notes)


def test_the_service(tmp_path: Path) -> None:
    """A file that is cut off and stays so changes no answer; SIGHUP says that it is meant."""
    text = yaml.safe_dump(standard())
    (tmp_path / "jwtfast.yaml").write_text(text)
    cut = text[: text.index("    require:", text.index("  default:"))]
    with serving(tmp_path) as service:
        assert service.ask(token=token(sub="user-3")).status == 403
        service.path.write_text(cut)
        service.await_reloads("held", 1)
        assert service.ask(token=token(sub="user-3")).status == 403
        (line,) = service.told("configuration held")
        assert "policies.default.require is gone" in str(line["reasons"])
        service.popen.send_signal(signal.SIGHUP)
        service.await_statuses(200, token(sub="user-3"))
        assert (service.reloads("held"), service.reloads("success")) == (1, 1)
