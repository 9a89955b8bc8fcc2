"""What `revocation` names is looked at once at load, so that whatever is wrong is told then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from pydantic import ValidationError

import jwtfast
from jwtfast_server.config_revocation import RedisSet, Revocation
from jwtfast_server.keysources import SourceError, content
from jwtfast_server.layers import Layers
from jwtfast_server.problems import KeyPath
from jwtfast_server.revocation.file import watched
from jwtfast_server.watched_file import UnreadableError

__all__ = ["RevocationRead", "read_revocation"]

_PLACE: KeyPath = ("revocation",)


@dataclass
class RevocationRead:
    """What workers need beside the section itself, and what is wrong."""

    password: str | None = None
    problems: list[tuple[KeyPath, str]] = field(default_factory=list)


def read_revocation(layers: Layers, env: Mapping[str, str]) -> RevocationRead:
    """Read the section, where it is valid by itself; Redis is not asked.

    Args:
        layers: the settings, in which the paths of files are absolute.
        env: the environment variables.
    """
    result = RevocationRead()
    try:
        section = Revocation.model_validate(layers.data.get("revocation"))
    except ValidationError:
        return result  # Told where the whole file is validated.
    if section.file is not None:
        _read_file(layers, section.file, result)
    if section.redis is not None:
        _read_redis(layers, section.redis, env, result)
    return result


def _read_file(layers: Layers, name: str, result: RevocationRead) -> None:
    path = Path(name)
    try:
        watched(path, jwtfast.RevocationList()).look()
    except UnreadableError as error:
        # It may be put right before a worker could watch it.
        layers.note_file(path)
        if path.is_file():  # Otherwise told already.
            result.problems.append(((*_PLACE, "file"), str(error)))


def _read_redis(
    layers: Layers, redis: RedisSet, env: Mapping[str, str], result: RevocationRead
) -> None:
    where = (*_PLACE, "redis")
    if find_spec("redis") is None:
        message = "needs the Python package redis: pip install 'jwtfast-server[redis]'"
        result.problems.append((where, message))
    for place in ("password_env", "password_file"):
        value = getattr(redis, place)
        if value is None or (place.endswith("_file") and not Path(value).is_file()):
            continue
        try:
            secret = content(place, value, env, layers.directory((*where, place)))
            result.password = secret.decode()
        except SourceError as error:
            result.problems.append(((*where, place), str(error)))
        except UnicodeDecodeError:
            result.problems.append(((*where, place), "expected UTF-8, found other bytes"))
