"""`provider` on an issuer: what it means, what is wrong with it, and how it is written out."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jwtfast_server.cli import main
from jwtfast_server.config_issuer import Issuer
from jwtfast_server.config_models import ConfigFile
from jwtfast_server.document import parse
from jwtfast_server.preset_table import PRESETS
from tests.configs import LEGACY, WHOLE, load_text, problems_of
from tests.issuers.preset_files import POLICIES, expand, issuer, least

TENANT = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize("word", list(PRESETS))
def test_written_out(tmp_path: Path, word: str) -> None:
    """Written out, a preset is a file of ordinary keys that means the same, and stays as it is."""
    (tmp_path / "ca.pem").touch()
    text = issuer(least(word))
    before = load_text(tmp_path, text)

    once = expand(tmp_path, text)
    after = load_text(tmp_path, once)
    assert after.gate_settings() == before.gate_settings()
    assert after.issuers == before.issuers
    assert expand(tmp_path, once) == once
    (found,) = parse(once, "once").data["issuers"]
    assert {"name", "issuer", "keys", "audiences"} <= set(found)
    assert not {"provider", *PRESETS[word].parameters} & set(found)


ODD = """\
realm: "1e5"
issuers:
  - name: corp
    provider: google
    client_id: ['007', 'yes', '1_0', '0x1F', '~', 'null', '2026-11-25', '=']
policies:
  default:
    issuers: [corp]
    require:
      - {claim: a, any: ['1e5', 1e5, 1.0, 10, true, 'true', '', ' x ', "a: b", "ä\\n\\t"]}
      - {claim: a, any: ['- a', '!a', '-----', '1:30', '.5', '+1', '1.', 'é', '#']}
      - {claim: b, is: 18446744073709551615}
"""


@pytest.mark.parametrize("text", [ODD, WHOLE], ids=["odd", "whole"])
def test_every_value_stays(tmp_path: Path, text: str) -> None:
    """Texts stay texts and numbers numbers, whatever they look like."""
    before = load_text(tmp_path, text)
    once = expand(tmp_path, text)

    assert load_text(tmp_path, once).gate_settings() == before.gate_settings()
    assert once.endswith("\n...\n")
    assert expand(tmp_path, once) == once
    written, read = parse(text, "a").data, parse(once, "b").data
    assert read["policies"] == written["policies"]


@pytest.mark.parametrize(
    "text,expected",
    [
        (
            f"provider: entra, tenant: {TENANT}, audiences: a",
            f"https://login.microsoftonline.com/{TENANT}/v2.0",
        ),
        (
            f"provider: entra, tenant: {TENANT}, version: v1, audiences: a",
            f"https://sts.windows.net/{TENANT}/",
        ),
        (
            "provider: okta, domain: dev-1.okta.com, audiences: a",
            "https://dev-1.okta.com/oauth2/default",
        ),
        (
            "provider: okta, domain: dev-1.okta.com, server: aus1, audiences: a",
            "https://dev-1.okta.com/oauth2/aus1",
        ),
        (
            "provider: okta, domain: dev-1.okta.com, server: org, audiences: a",
            "https://dev-1.okta.com",
        ),
        ("provider: github_actions, audiences: a", "https://token.actions.githubusercontent.com"),
        (
            "provider: github_actions, enterprise: octo, audiences: a",
            "https://token.actions.githubusercontent.com/octo",
        ),
        ("provider: gitlab, audiences: a", "https://gitlab.com"),
        ("provider: gitlab, url: 'https://git.example', audiences: a", "https://git.example"),
        (
            "provider: kubernetes, url: 'https://oidc.eks.example/id/0', audiences: a",
            "https://oidc.eks.example/id/0",
        ),
        ("provider: hydra, url: 'https://hydra.example/', audiences: a", "https://hydra.example/"),
    ],
)
def test_variants(tmp_path: Path, text: str, expected: str) -> None:
    """A parameter may choose among several issuers of one provider."""
    assert load_text(tmp_path, issuer(text)).issuers[0].iss == expected


def test_what_is_written_stays(tmp_path: Path) -> None:
    """What the user writes himself wins over what a preset has for it."""
    (tmp_path / "ca.pem").touch()
    keys = "keys: {jwks_url: 'http://keycloak:8080/certs', allow_http: true}"
    more = (
        f"{keys}, algorithms: [ES256], refresh: {{timeout: 3s, ca_file: ca.pem}}, max_lifetime: 1h"
    )
    text = issuer(
        f"provider: keycloak, url: 'https://sso.example', realm: acme, audiences: a, {more}"
    )
    (found,) = load_text(tmp_path, text).issuers
    assert found.iss == "https://sso.example/realms/acme"
    assert found.keys[0].jwks_url == "http://keycloak:8080/certs"
    assert (found.algorithms, found.max_lifetime) == (("ES256",), 3600)

    text = issuer("provider: kubernetes, audiences: a, refresh: {timeout: 3s}")
    (problem,) = problems_of(tmp_path, text)
    assert "refresh.ca_file: expected a file, found none at /var/run/secrets/" in problem


def test_variables(tmp_path: Path) -> None:
    """A parameter may come from a variable, and what is wrong with it is told there."""
    text = issuer(f"provider: entra, tenant: {TENANT}, audiences: a")
    env = {"JWTFAST_ISSUERS__0__TENANT": TENANT.replace("1", "2")}
    assert load_text(tmp_path, text, env).issuers[0].iss == (
        f"https://login.microsoftonline.com/{TENANT.replace('1', '2')}/v2.0"
    )
    (problem,) = problems_of(tmp_path, text, env | {"JWTFAST_ISSUERS__0__TENANT": "contoso"})
    assert problem.startswith("JWTFAST_ISSUERS__0__TENANT: expected the tenant's id, such as ")


@pytest.mark.parametrize(
    "text,expected",
    [
        ("provider: entar, tenant: x", "provider: unknown provider, did you mean entra?"),
        ("provider: 1, audiences: a", "provider: unknown provider, expected one of adfs, apple,"),
        (
            "provider: null, audiences: a",
            "provider: unknown provider, expected one of adfs, apple,",
        ),
        (
            "provider: entra, audiences: a",
            "tenant: must be given beside provider: entra: the tenant's id, such as 0000",
        ),
        (
            "provider: entra, tenant: contoso.onmicrosoft.com, audiences: a",
            "tenant: expected the tenant's id, such as 0000",
        ),
        (
            f"provider: entra, tenant: '{TENANT}/../x', audiences: a",
            "tenant: expected the tenant's id, such as 0000",
        ),
        (
            f"provider: entra, tenat: {TENANT}, tenant: {TENANT}, audiences: a",
            "tenat: unknown parameter of provider entra, did you mean tenant?",
        ),
        (
            f"provider: entra, tenant: {TENANT}, realm: x, audiences: a",
            "realm: unknown parameter of provider entra, ",
        ),
        (f"provider: entra, tenant: [{TENANT}], audiences: a", "tenant: expected the tenant's id"),
        (
            f"provider: entra, tenant: {TENANT}, version: v3, audiences: a",
            "version: expected of the",
        ),
        (f"provider: entra, tenant: {TENANT}", "audiences: must be given: the audiences to accept"),
        ("provider: google", "client_id: must be given beside provider: google: the client (or"),
        ("provider: google, client_id: []", "client_id: expected the client (or clients) whose"),
        (
            "provider: google, client_id: a, audiences: b",
            "audiences: contradicts provider: google, by which it is a: leave it out, or write",
        ),
        (
            "provider: google, client_id: a, audiences: any",
            "audiences: contradicts provider: google",
        ),
        (
            "provider: google, client_id: a, issuer: any",
            "issuer: contradicts provider: google, by which it is https://accounts.google.com: ",
        ),
        (
            "provider: auth0, domain: 'https://t.auth0.com/', audiences: a",
            "domain: expected the host",
        ),
        (
            "provider: auth0, domain: 'a@evil.example', audiences: a",
            "domain: expected the host name",
        ),
        (
            "provider: keycloak, url: 'https://sso/?a', realm: a, audiences: a",
            "url: expected where Keycloak is, as its tokens say it, such as https://sso.example.com",
        ),
        (
            "provider: keycloak, url: 'https://sso', realm: a/b, audiences: a",
            "realm: expected the realm",
        ),
        (
            "tenant: x, issuer: any, audiences: a, keys: {discovery: true}",
            "tenant: belongs to an issuer with provider: entra",
        ),
    ],
)
def test_problems(tmp_path: Path, text: str, expected: str) -> None:
    """What is wrong with a preset is told at its place, and nothing that follows of it."""
    found = problems_of(tmp_path, issuer(text))
    assert found[0].startswith(f"jwtfast.yaml:2: issuers[0].{expected}")
    if "discovery" not in text:
        assert len(found) == 1


def test_google_by_audiences(tmp_path: Path) -> None:
    """The ordinary key may stand for the parameter that fills it."""
    (found,) = load_text(tmp_path, issuer("provider: google, audiences: [a, b]")).issuers
    assert found.audiences == ("a", "b")


def test_a_broken_list_stays(tmp_path: Path) -> None:
    """What is no issuer at all is told as before."""
    found = problems_of(tmp_path, f"issuers: [google, null, [a]]\n{POLICIES}")
    assert found
    assert "provider" not in str(found)


def test_the_schema_knows_presets() -> None:
    """Editors are told each provider and each parameter, and what must stand without one."""
    schema: dict[str, Any] = ConfigFile.schema_document()["$defs"]["Issuer"]
    assert schema["properties"]["provider"]["enum"] == list(PRESETS)
    parameters = {name for preset in PRESETS.values() for name in preset.parameters}
    assert parameters <= set(schema["properties"])
    assert not parameters & set(Issuer.model_fields)
    assert schema["required"] == ["name"]
    assert [set(one["required"]) for one in schema["anyOf"]] == [
        {"issuer", "keys", "audiences"},
        {"provider"},
    ]


def test_another_format(tmp_path: Path) -> None:
    """A file of nginx-subrequest-auth-jwt has no presets."""
    path = tmp_path / "config.yaml"
    path.write_text(LEGACY)
    result = CliRunner().invoke(main, ["check", str(path), "--expand"], catch_exceptions=False)
    assert result.exit_code == 2
    assert "is not a jwtfast.yaml" in result.stderr
