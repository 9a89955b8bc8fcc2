"""The certificate and key of the listener are looked at before anything starts."""

from pathlib import Path

import pytest

from jwtfast_server.tls import CertificateError, check
from tests.server.certificates import KEYS, write_pair

USABLE = [kind for kind in KEYS if kind not in {"SEC1 P-521", "RSA 1024"}]


@pytest.mark.parametrize("kind", USABLE)
def test_usable(tmp_path: Path, kind: str) -> None:
    """Every common form of key is taken."""
    cert, key = write_pair(tmp_path, kind)

    check(str(cert), str(key))


@pytest.mark.parametrize("kind", sorted(set(KEYS) - set(USABLE)))
def test_a_kind_that_tls_is_not_served_with(tmp_path: Path, kind: str) -> None:
    """granian's workers would panic: it is told before, with what is usable."""
    cert, key = write_pair(tmp_path, kind)

    with pytest.raises(CertificateError, match=r"\.key: expected a key of a kind .* P-256"):
        check(str(cert), str(key))


def test_encrypted(tmp_path: Path) -> None:
    """An encrypted key is refused; nobody is asked for a password."""
    cert, key = write_pair(tmp_path, "PKCS#8 RSA", b"secret")

    with pytest.raises(CertificateError, match="expected a key that is not encrypted"):
        check(str(cert), str(key))


def test_another_key(tmp_path: Path) -> None:
    """A key that is not the certificate's is refused."""
    cert, _ = write_pair(tmp_path, "PKCS#8 P-256")
    _, key = write_pair(tmp_path, "SEC1 P-256")

    with pytest.raises(CertificateError, match="expected the key of the first certificate in"):
        check(str(cert), str(key))


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    """Each is named, and what was expected in it."""
    cert, key = write_pair(tmp_path, "PKCS#8 P-256")
    empty = tmp_path / "empty"
    empty.touch()

    for bad_cert, bad_key, message in (
        (empty, key, "empty: expected certificates in PEM"),
        (key, key, "key: expected certificates in PEM"),
        (cert, empty, "empty: expected a private key in PEM"),
        (cert, cert, "crt: expected a private key in PEM"),
        (tmp_path / "no", key, "no: cannot be read: No such file"),
        (cert, tmp_path, "cannot be read: Is a directory"),
    ):
        with pytest.raises(CertificateError, match=message):
            check(str(bad_cert), str(bad_key))
