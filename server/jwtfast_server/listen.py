"""Where to listen, resolved and looked at before anything starts.

granian binds with SO_REUSEPORT, so that two services on one port would share its connections
without a word.
"""

import errno
import grp
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from jwtfast_server.address import Address

__all__ = ["Endpoint", "ListenError", "endpoint"]

_REASONS = {
    errno.EADDRINUSE: "is in use: stop what listens there, or choose another address",
    errno.EACCES: "cannot be used: permission denied",
    errno.EPERM: "cannot be used: permission denied",
    errno.EADDRNOTAVAIL: "cannot be used: it is no address of this machine",
    errno.EAFNOSUPPORT: "cannot be used: this machine does not speak that kind of address",
    errno.ENOENT: "cannot be used: its directory does not exist",
}


class ListenError(Exception):
    """An address that cannot be listened on; the text says which one, and why."""


class Endpoint(NamedTuple):
    """An address that was free when it was looked at: an IP address and a port, or a path."""

    host: str
    port: int
    unix: Path | None = None
    mode: int | None = None
    """Of the Unix socket; None leaves it to the umask."""
    group: int | None = None

    def give_access(self) -> None:
        """Give the Unix socket its group and its mode.

        Raises:
            OSError: where this user may not.
        """
        if self.unix is None:
            return
        if self.group is not None:
            os.chown(self.unix, -1, self.group)
        if self.mode is not None:
            self.unix.chmod(self.mode)


def endpoint(address: Address) -> Endpoint:
    """Resolve an address, and see that it can be listened on.

    Raises:
        ListenError: where it cannot.
    """
    if address.unix is not None:
        found = Endpoint("", 0, Path(address.unix), address.mode, _group(address))
        _free_path(address, found)
        return found
    try:
        addresses = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise ListenError(f"{address} cannot be used: the host name is unknown") from error
    family, _, _, _, target = addresses[0]
    _bind(address, family, target)
    return Endpoint(str(target[0]), address.port)


def _bind(address: Address, family: int, target: object) -> None:
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(target)  # type: ignore[arg-type] # whatever its family takes
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, f"cannot be used: {error.strerror}")
            raise ListenError(f"{address} {reason}") from error


def _group(address: Address) -> int | None:
    if address.group is None:
        return None
    try:
        return grp.getgrnam(address.group).gr_gid
    except KeyError:
        if address.group.isdigit():
            return int(address.group)
        raise ListenError(f"{address} cannot be used: the group is unknown") from None


def _free_path(address: Address, found: Endpoint) -> None:
    """Take away the socket of a server that ended without doing so; never anything else."""
    path = Path(address.unix or "")
    if path.exists():
        if not path.is_socket():
            raise ListenError(f"{address} cannot be used: a file that is no socket is there")
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
            if probe.connect_ex(str(path)) != errno.ECONNREFUSED:
                raise ListenError(f"{address} {_REASONS[errno.EADDRINUSE]}")
        path.unlink()
    _bind(address, socket.AF_UNIX, str(path))
    try:
        found.give_access()
    except OSError as error:
        reason = f"its group and mode cannot be set: {error.strerror}"
        raise ListenError(f"{address} cannot be used: {reason}") from error
    finally:
        path.unlink()
