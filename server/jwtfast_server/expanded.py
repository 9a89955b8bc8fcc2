"""A jwtfast.yaml with its presets written out, for `jwtfast check --expand`."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

from jwtfast_server.config_models import ConfigFile
from jwtfast_server.document import parse, read_text
from jwtfast_server.legacy import is_legacy
from jwtfast_server.presets import expand_presets
from jwtfast_server.problems import keys_at

__all__ = ["expanded_text"]

_PLAIN: Final = re.compile(
    r"(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z][a-z0-9_]*", re.IGNORECASE
)


def expanded_text(path: Path) -> str:
    """The file as YAML in ordinary keys, with the same meaning; it must be good already.

    Raises:
        ValueError: where it is a file of another format.
    """
    data = parse(read_text(path, str(path)), str(path)).data
    if is_legacy(data):
        raise ValueError(f"{path} is not a jwtfast.yaml: there is nothing to expand in it")
    expand_presets(data, keys_at(ConfigFile, ("issuers",)))
    # The end is marked, so that a reader of the file sees that none of it is missing.
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=100, explicit_end=True)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that any reader of YAML could take for something else."""

    def ignore_aliases(self, _data: Any) -> bool:  # noqa: ANN401 - PyYAML's
        """Write each value where it stands."""
        return True

    def text(self, text: str) -> yaml.ScalarNode:
        """A text, without quotes where it is a word."""
        style = None if _PLAIN.fullmatch(text) else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.text)
