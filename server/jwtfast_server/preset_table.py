"""The identity providers that `provider` knows: what is asked of the user, and what that means.

A preset is data. `{name}` in a value is a parameter; a value that is one parameter alone is what
was given for it, a list too; an entry whose parameter was not given is left out. A rule of an
issuer, or any other key that issuers learn, is one more line in `keys`.
"""

from collections.abc import Mapping
from typing import Final

from jwtfast_server.preset_model import Needs, Parameter, Preset

__all__ = ["PRESETS"]

_GUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST: Final = rf"{_LABEL}(?:\.{_LABEL})+(?::[0-9]{{1,5}})?"
_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._~-]{0,127})"
_URL: Final = r"https?://[A-Za-z0-9._-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*"
_ISSUER: Final = rf"{_URL}/?"
_ANYTHING: Final = r"[!-~]{1,512}"

_DISCOVERY: Final = {"keys": {"discovery": True}}
_CLIENT: Final = Parameter(
    "the client (or clients) whose tokens may pass",
    _ANYTHING,
    "1234-abc.apps.googleusercontent.com",
    instead_of="audiences",
    many=True,
)


def _only(what: str, pattern: str, example: str) -> Parameter:
    """A rule of the provider's tokens, where it is given."""
    text = f"{what} whose tokens alone may pass"
    return Parameter(text, pattern, example, required=False, many=True)


def _domain(example: str) -> dict[str, Parameter]:
    return {"domain": Parameter("the host name of your tenant", _HOST, example)}


def _issuer(example: str) -> dict[str, Parameter]:
    return {"url": Parameter("the issuer, exactly as its tokens have it", _ISSUER, example)}


PRESETS: Final[Mapping[str, Preset]] = {
    "entra": Preset(
        "Microsoft Entra ID, one tenant",
        {
            "tenant": Parameter("the tenant's id", _GUID, "00000000-0000-0000-0000-000000000001"),
            "version": Parameter(
                "of the access tokens, as the application's manifest says",
                "v1|v2",
                "v2",
                required=False,
            ),
        },
        {"issuer": "https://login.microsoftonline.com/{tenant}/v2.0"},
        {**_DISCOVERY, "algorithms": "RS256"},
        {"version": {"v1": {"issuer": "https://sts.windows.net/{tenant}/"}}},
    ),
    "google": Preset(
        "Google",
        {
            "client_id": _CLIENT,
            "hosted_domain": _only("the company's domain (or domains)", _HOST, "example.com"),
        },
        {
            "issuer": "https://accounts.google.com",
            "audiences": "{client_id}",
            "require": [{"claim": "hd", "any": "{hosted_domain}"}],
        },
        {**_DISCOVERY, "algorithms": "RS256"},
        needs=Needs(("hd", "email", "sub"), "everybody with a Google account passes"),
    ),
    "google_iap": Preset(
        "Google Cloud IAP",
        {},
        {"issuer": "https://cloud.google.com/iap"},
        {
            "keys": {"jwks_url": "https://www.gstatic.com/iap/verify/public_key-jwk"},
            "algorithms": "ES256",
            "max_lifetime": "11m",
        },
    ),
    "auth0": Preset(
        "Auth0", _domain("t.eu.auth0.com"), {"issuer": "https://{domain}/"}, {**_DISCOVERY}
    ),
    "okta": Preset(
        "Okta",
        {
            **_domain("dev-1.okta.com"),
            "server": Parameter(
                "the authorization server; `org` is that of the organisation, for ID tokens",
                _NAME,
                "default",
                required=False,
            ),
        },
        {"issuer": "https://{domain}/oauth2/{server}"},
        {**_DISCOVERY, "algorithms": "RS256"},
        {
            "server": {
                None: {"issuer": "https://{domain}/oauth2/default"},
                "org": {"issuer": "https://{domain}"},
            }
        },
    ),
    "keycloak": Preset(
        "Keycloak",
        {
            "url": Parameter(
                "where Keycloak is, as its tokens say it", _URL, "https://sso.example.com"
            ),
            "realm": Parameter("the realm", _NAME, "acme"),
            "client_id": _only("the clients", _ANYTHING, "web"),
        },
        {
            "issuer": "{url}/realms/{realm}",
            "require": [{"claim": "azp", "any": "{client_id}"}],
        },
        {**_DISCOVERY},
    ),
    "cognito": Preset(
        "Amazon Cognito",
        {
            "region": Parameter("the region", r"[a-z]{2}(?:-[a-z]+)+-[0-9]", "eu-west-1"),
            "user_pool": Parameter(
                "the user pool's id", r"[a-z0-9-]+_[A-Za-z0-9]+", "eu-west-1_AbC"
            ),
            "client_id": Parameter(
                "the app client (or clients) whose tokens may pass",
                _ANYTHING,
                "1example23456789",
                instead_of="audiences",
                many=True,
            ),
            "token_use": Parameter(
                "which of its tokens: access (the default) or id", "access|id", "id", required=False
            ),
        },
        {
            "issuer": "https://cognito-idp.{region}.amazonaws.com/{user_pool}",
            "audiences": "{client_id}",
            "audience_claim": "client_id",
            "require": [{"claim": "token_use", "is": "access"}],
        },
        {**_DISCOVERY, "algorithms": "RS256"},
        {
            "token_use": {
                "id": {
                    "audience_claim": "aud",
                    "require": [{"claim": "token_use", "is": "id"}],
                }
            }
        },
    ),
    "firebase": Preset(
        "Firebase Authentication",
        {"project": Parameter("the project's id", _NAME, "my-project")},
        {"issuer": "https://securetoken.google.com/{project}", "audiences": "{project}"},
        {**_DISCOVERY, "algorithms": "RS256"},
    ),
    "apple": Preset(
        "Sign in with Apple",
        {"client_id": _CLIENT},
        {"issuer": "https://appleid.apple.com", "audiences": "{client_id}"},
        {**_DISCOVERY, "algorithms": "RS256"},
    ),
    "github_actions": Preset(
        "GitHub Actions",
        {
            "enterprise": Parameter(
                "the enterprise, where it has an issuer of its own", _NAME, "octo", required=False
            ),
            "repository": _only(
                "the repositories", rf"{_NAME}/[A-Za-z0-9._-]{{1,128}}", "octo-org/octo-repo"
            ),
            "owner": _only("the owners of repositories", _NAME, "octo-org"),
        },
        {
            "issuer": "https://token.actions.githubusercontent.com/{enterprise}",
            "require": [
                {"claim": "repository", "any": "{repository}"},
                {"claim": "repository_owner", "any": "{owner}"},
            ],
        },
        {**_DISCOVERY, "algorithms": "RS256"},
        {"enterprise": {None: {"issuer": "https://token.actions.githubusercontent.com"}}},
        Needs(
            (
                "repository",
                "repository_owner",
                "sub",
                "repository_id",
                "repository_owner_id",
                "job_workflow_ref",
                "workflow_ref",
            ),
            "every repository on GitHub gets tokens for the audience that it asks for",
            "https://token.actions.githubusercontent.com",
        ),
    ),
    "gitlab": Preset(
        "GitLab CI",
        {"url": Parameter("where GitLab is", _URL, "https://gitlab.example.com", required=False)},
        {"issuer": "{url}"},
        {**_DISCOVERY, "algorithms": "RS256"},
        {"url": {None: {"issuer": "https://gitlab.com"}}},
        Needs(
            ("project_path", "namespace_path", "sub", "project_id", "namespace_id", "user_login"),
            "every project on gitlab.com gets tokens for the audience that it asks for",
            "https://gitlab.com",
        ),
    ),
    "kubernetes": Preset(
        "Kubernetes service accounts",
        {
            "url": Parameter(
                "the cluster's issuer where it is not the default one",
                _ISSUER,
                "https://oidc.eks.eu-west-1.amazonaws.com/id/0123",
                required=False,
            )
        },
        {"issuer": "{url}"},
        {**_DISCOVERY},
        {
            "url": {
                None: {
                    "issuer": "https://kubernetes.default.svc.cluster.local",
                    "refresh": {"ca_file": "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"},
                }
            }
        },
    ),
    "spiffe": Preset(
        "SPIFFE, by an OIDC discovery provider",
        _issuer("https://oidc.example.org"),
        {"issuer": "{url}"},
        {**_DISCOVERY},
    ),
    "cloudflare_access": Preset(
        "Cloudflare Access",
        {"team": Parameter("the team's name", _LABEL, "team")},
        {"issuer": "https://{team}.cloudflareaccess.com"},
        {
            "keys": {"jwks_url": "https://{team}.cloudflareaccess.com/cdn-cgi/access/certs"},
            "algorithms": "RS256",
        },
    ),
    "supabase": Preset(
        "Supabase, with asymmetric keys",
        {"project": Parameter("the project's reference", _LABEL, "abcd")},
        {"issuer": "https://{project}.supabase.co/auth/v1"},
        {
            "keys": {"jwks_url": "https://{project}.supabase.co/auth/v1/.well-known/jwks.json"},
            "audiences": "authenticated",
        },
    ),
    "clerk": Preset(
        "Clerk",
        _domain("clean-mayfly-62.clerk.accounts.dev"),
        {"issuer": "https://{domain}"},
        {**_DISCOVERY, "algorithms": "RS256"},
    ),
    "zitadel": Preset(
        "Zitadel", _domain("acme.zitadel.cloud"), {"issuer": "https://{domain}"}, {**_DISCOVERY}
    ),
    "hydra": Preset(
        "Ory Hydra, with JWT access tokens",
        _issuer("https://hydra.example.com/"),
        {"issuer": "{url}"},
        {**_DISCOVERY},
    ),
    "dex": Preset(
        "Dex",
        _issuer("https://dex.example.com/dex"),
        {"issuer": "{url}"},
        {**_DISCOVERY},
    ),
    "authentik": Preset(
        "authentik",
        {
            "url": Parameter("where authentik is", _URL, "https://authentik.company"),
            "application": Parameter("the application's slug", _NAME, "grafana"),
        },
        {"issuer": "{url}/application/o/{application}/"},
        {**_DISCOVERY},
    ),
    "adfs": Preset(
        "AD FS, access tokens",
        {"host": Parameter("the federation service's host name", _HOST, "fs.example.com")},
        {"issuer": "http://{host}/adfs/services/trust"},
        {"keys": {"jwks_url": "https://{host}/adfs/discovery/keys"}, "algorithms": "RS256"},
    ),
}
"""By the word that `provider` takes."""
