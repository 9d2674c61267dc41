"""Who answers for names, certifies them, signs people in and stands in front, as an infrastructure description says.

What is found is told as `reliance`, like what logs show, and weighed where all evidence is together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flagstate.read.part import Context
from flagstate.read.terraform_state import Json, Resource, listing, mapping

Row = dict[str, object]
_HOST = re.compile(r"(?:\*\.)?(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+", re.ASCII)
_SIGN_IN = {
    "aws_cognito_user_pool_client": (("callback_urls",), "amazoncognito.com"),
    "azuread_application": (("redirect_uris",), "login.microsoftonline.com"),
    "azuread_application_redirect_uris": (("redirect_uris",), "login.microsoftonline.com"),
    "auth0_client": (("callbacks",), "auth0.com"),
    "okta_app_oauth": (("redirect_uris",), "okta.com"),
}
"""Types that register where people come back to after they signed in: its attributes, and where they sign in."""
_ZONES = {
    "aws_route53_zone": "name",
    "azurerm_dns_zone": "name",
    "google_dns_managed_zone": "dns_name",
    "cloudflare_zone": "zone",
}
"""Types that are a zone of DNS, and the attribute with its name."""


def leaned(resources: list[Resource], ids: Mapping[str, str], context: Context) -> Iterator[tuple[str, Row]]:
    """Yield rows of `reliance` and `control`, each with its noun.

    Args:
        resources: The resources of one description.
        ids: Assets by the address of their resource.
        context: As readers get it.
    """
    fronts = {
        str(resource.attributes[name]): ids[resource.address]
        for resource in resources
        for name in ("arn", "id")
        if resource.address in ids and isinstance(resource.attributes.get(name), str)
    }
    for resource in resources:
        asset = ids.get(resource.address)
        for start, role, end, until in _all(resource):
            name, other = _name(start, context), end if role == "issuer" else _name(end, context)
            if role == "front":
                other = name
            if name and other:
                row: Row = {"from_name": name, "from_asset": asset, "role": role, "to_name": other, "times": 1}
                yield "reliance", row | {"valid_to": until}
        if (edge := _ends(resource, asset, fronts)) is not None:
            yield "control", {"subject_id": edge, "control": "ends_tls", "state": "yes"}


Said = tuple[object, str, str, datetime | None]


def _all(resource: Resource) -> Iterator[Said]:
    attributes, kind = resource.attributes, resource.type
    if kind in _ZONES and not _private(attributes):
        zone = attributes.get(_ZONES[kind]) or attributes.get("name")
        for server in _texts(attributes.get("name_servers")):
            yield zone, "name_server", server, None
    elif kind == "aws_acm_certificate" and attributes.get("type") == "AMAZON_ISSUED":
        until = _time(attributes.get("not_after"))
        names = [*_texts([attributes.get("domain_name")]), *_texts(attributes.get("subject_alternative_names"))]
        for name in dict.fromkeys(names):
            yield name, "issuer", "Amazon", until
    elif kind == "google_compute_managed_ssl_certificate":
        for block in map(mapping, listing(attributes.get("managed"))):
            for name in _texts(block.get("domains")):
                yield name, "issuer", "Google Trust Services", _time(attributes.get("expire_time"))
    elif kind == "aws_cloudfront_distribution":
        for name in _texts(attributes.get("aliases")):
            yield name, "front", "", None
    elif kind in _SIGN_IN:
        wanted, host = _SIGN_IN[kind]
        for text in _found(attributes, wanted):
            yield _page(text), "login", host, None


def _found(attributes: Json, wanted: tuple[str, ...]) -> Iterator[str]:
    for name, value in attributes.items():
        if name in wanted:
            yield from _texts(value)
        elif isinstance(value, list):
            for block in map(mapping, value):
                for inner in wanted:
                    yield from _texts(block.get(inner))


def _ends(resource: Resource, asset: str | None, fronts: Mapping[str, str]) -> str | None:
    """Return the edge of which this resource says that it ends TLS."""
    attributes = resource.attributes
    if resource.type == "aws_cloudfront_distribution":
        return asset if listing(attributes.get("viewer_certificate")) else None
    if resource.type in ("aws_lb_listener", "aws_alb_listener") and attributes.get("protocol") in ("HTTPS", "TLS"):
        return fronts.get(str(attributes.get("load_balancer_arn")))
    return None


def _private(attributes: Json) -> bool:
    return bool(listing(attributes.get("vpc"))) or attributes.get("visibility") == "private"


def _page(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def _texts(value: object) -> list[str]:
    return [v for v in value if isinstance(v, str) and v and "${" not in v] if isinstance(value, list) else []


def _name(value: object, context: Context) -> str | None:
    if not isinstance(value, str):
        return None
    bare = value.strip().lower().rstrip(".")
    if len(bare) > 253 or not _HOST.fullmatch(bare) or bare.rpartition(".")[2].isdigit():
        return None
    return context.host(bare)


def _time(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
