"""The table of `docs/issuers/README.md`, made from what is tried.

`python -m tests.issuers.pages` writes it between its two marks.
"""

from pathlib import Path
from typing import Final

from jwtfast_server.preset_table import PRESETS
from tests.issuers.attempts import attempts
from tests.issuers.imitation import NAMES, Imitation

__all__ = ["BEGIN", "END", "FOLDER", "PAGES", "shown", "table", "with_table"]

FOLDER: Final = Path(__file__).parents[2] / "docs" / "issuers"
BEGIN: Final = "<!-- Made by python -m tests.issuers.pages from here -->\n"
END: Final = "<!-- to here. -->\n"

PAGES: Final = {
    "adfs": ("adfs",),
    "apple": ("apple",),
    "auth0": ("auth0",),
    "authentik": ("authentik",),
    "aws-alb": ("aws-alb",),
    "azure-b2c": ("azure-b2c",),
    "clerk": ("clerk",),
    "cloudflare-access": ("cloudflare-access",),
    "cognito": ("cognito-access", "cognito-id"),
    "dex": ("dex",),
    "entra": ("entra-v2", "entra-v1", "entra-multi-tenant"),
    "firebase": ("firebase", "firebase-x509"),
    "github-actions": ("github-actions",),
    "gitlab": ("gitlab-ci",),
    "google": ("google",),
    "google-iap": ("google-iap", "google-iap-pem"),
    "hydra": ("hydra",),
    "keycloak": ("keycloak",),
    "kubernetes": ("kubernetes", "kubernetes-credentials"),
    "okta": ("okta", "okta-org"),
    "oracle-idcs": ("oracle-idcs",),
    "spiffe": ("spiffe", "spiffe-bundle"),
    "supabase": ("supabase-hs256", "supabase-es256", "supabase-change"),
    "zitadel": ("zitadel",),
}
"""By page, the imitations that it is about."""


def shown(one: Imitation) -> str:
    """The configuration that its page shows: the preset, where there is one."""
    text: str = one.data[one.forms[-1]]
    return text


def table() -> str:
    """A row for each imitation, in the order of their titles."""
    rows = ["| provider | preset | lines | what is denied besides | |", "|---|---|---|---|---|"]
    page_of = {name: page for page, names in PAGES.items() for name in names}
    for one in sorted(
        (Imitation(name) for name in NAMES), key=lambda one: one.data["title"].lower()
    ):
        title = f"[{one.data['title']}]({page_of[one.name]}.md)"
        lines = len(shown(one).splitlines())
        wrong = ", ".join(one.data["wrong"])
        rows.append(f"| {title} | {_preset(one)} | {lines} | {wrong} | {_today(one)} |")
    return "\n".join(rows)


def _preset(one: Imitation) -> str:
    """The word for `provider`, and the parameters that go with it."""
    if one.forms[-1] != "preset":
        return ""
    word = shown(one).partition("provider: ")[2].partition(",")[0]
    parameters = [
        f"`{name}`" if parameter.required else f"(`{name}`)"
        for name, parameter in PRESETS[word].parameters.items()
    ]
    return " ".join([f"`{word}`:" if parameters else f"`{word}`", *parameters])


def _today(one: Imitation) -> str:
    """What does not work yet."""
    if one.missing:
        return f"does not work yet: {one.missing}"
    return "; ".join(
        f"not denied yet, {attempt.what}: {attempt.missing}"
        for attempt in attempts(one.name)
        if attempt.missing and attempt.what in one.data["wrong"]
    )


def with_table(page: str) -> str:
    """The page with today's table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    file = FOLDER / "README.md"
    file.write_text(with_table(file.read_text()))
