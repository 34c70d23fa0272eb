"""One address per article, however it was linked to.

Two articles under one address are one article lost; one article under two addresses is a near
copy, which the sink sees through. So what might tell articles apart stays.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from courlan import extract_domain
from url_normalize import url_normalize

MAX_URL_CHARS = 4096
"""As in the article's schema."""

TRACKING_PREFIXES = (
    *("utm_", "mtm_", "matomo_", "pk_", "piwik_", "at_", "hsa_", "_hs", "oly_", "vero_", "gaa_"),
    *("trk_", "itm_", "ns_", "elqtrack", "guce_", "__twitter"),
)
TRACKING = frozenset(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh li_fat_id
    mc_cid mc_eid mkt_tok dm_i hsctatracking _ga _gl ga_source ga_medium ga_campaign spm scm xtor
    xts xtref xtmc xtcr echobox ocid cmpid cmp s_cid cid_source ito ftag ncid icid guccounter smid
    smtyp emc taid tblci soc_src soc_trk sr_share wt_mc wt.mc_id cm_mmc mbid sfmc_id usqp
    jsessionid phpsessid
    """.split()  # noqa: SIM905 (a list of a hundred quotes is harder to read)
)
"""Parameters of which the makers of analytics and advertising say themselves that they are for
counting: Google, Meta, Microsoft, Matomo, HubSpot, Mailchimp, Piano (xtor, at_), Adobe and such.
courlan's own expression also takes `ref`, `cid`, `eid`, `uid`, `source` and all that begins so,
which are article numbers on some sites, and drops parameters without a value (`?article123`)."""

AMBIGUOUS = frozenset(
    """
    ref referrer source src from via partner mod feature origin share
    """.split()  # noqa: SIM905
)
CHANNELS = frozenset(
    """
    rss feed feeds atom newsletter newsletters email mail twitter facebook linkedin whatsapp
    telegram instagram social share sharing home homepage hp search google googlenews flipboard
    """.split()  # noqa: SIM905
)
"""What the ambiguous parameters say when they tell where a reader came from."""

AMP_FLAGS = {"amp": ("", "1", "true"), "outputtype": ("amp", "amp-type"), "output": ("amp",)}
AMP_SUFFIX = re.compile(r"(?:/amp)+/?$|\.amp(?=\.html?$)|\.amp$", re.IGNORECASE)
AMP_PREFIX = re.compile(r"^(?:/amp)+/(?=.)", re.IGNORECASE)
AMP_VIEWER = re.compile(r"^/amp/(s/)?(?=[^/]+\.)")
"""www.google.com/amp/s/e.com/a, and the same at Bing."""
AMP_CACHE = re.compile(r"^/(?:c|v|a|r|wp)/(s/)?(?=[^/]+\.)")
"""e-com.cdn.ampproject.org/c/s/e.com/a; https://developers.google.com/amp/cache/overview"""
AMP_CACHE_HOST = ".cdn.ampproject.org"
TWIN_LABELS = frozenset({"m", "mobile", "amp"})
MAX_WRAPPERS = 5
SLUG_CHARS = 8
"""An article's name has so many; the number of a page or `print` has less."""
SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid)=[^/?;]*", re.IGNORECASE)


def canonical_url(url: str) -> str:
    """Return `url` without what says how it was found: tracking, fragment, AMP, mobile twins.

    Idempotent. Raises ValueError when there is no host, or the scheme is neither http nor https.
    >>> canonical_url("https://e.com/a?utm_source=x&id=7#top")
    'https://e.com/a?id=7'
    >>> canonical_url("https://m.e.com/a/amp?amp=1")
    'https://www.e.com/a'
    """
    cleaned = _clean(url)
    for _ in range(MAX_WRAPPERS):  # what was inside a viewer's address is to be cleaned, too
        if (again := _clean(cleaned)) == cleaned:
            return cleaned
        cleaned = again
    raise ValueError(f"{url[:200]!r} is no address of an article, but viewers in viewers")


def _clean(url: str) -> str:
    try:
        given = urlsplit(url.strip())
        if given.scheme.lower() not in ("http", "https") or not given.hostname:
            raise ValueError
        normal = url_normalize(url.strip().replace("&amp;", "&")) or ""
        parts = urlsplit(normal)
        port = parts.port
    except ValueError as error:  # a broken port or bracket, too, is a ValueError
        raise ValueError(f"{url[:200]!r} is no http or https address") from error
    host = parts.hostname or ""
    if not host or len(normal) > MAX_URL_CHARS:
        raise ValueError(f"{url[:200]!r} is no address of an article")
    scheme, path, query = parts.scheme, parts.path, parts.query
    if inner := _amp_inner(host, path):
        inner_scheme, inner_path = inner
        return f"{inner_scheme}://{inner_path}" + (f"?{query}" if query else "")
    path = SESSION_IN_PATH.sub("", path)
    path = AMP_PREFIX.sub("/", AMP_SUFFIX.sub("", path) or "/")
    kept = [pair for pair in query.split("&") if pair and not _is_tracking(pair)]
    host = _desktop_host(host)
    netloc = f"[{host}]" if ":" in host else host
    return urlunsplit(
        (scheme, netloc if port is None else f"{netloc}:{port}", path, "&".join(kept), "")
    )


def _is_tracking(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name, value = name.lower(), value.lower()
    if name in AMBIGUOUS:
        return re.split(r"[^a-z]", value)[0] in CHANNELS
    return (
        name in TRACKING or name.startswith(TRACKING_PREFIXES) or value in AMP_FLAGS.get(name, ())
    )


def _amp_inner(host: str, path: str) -> tuple[str, str] | None:
    """Return scheme and rest of the address that an AMP cache or viewer shows."""
    if host.endswith(AMP_CACHE_HOST):
        found = AMP_CACHE.match(path)
    elif host in ("www.google.com", "google.com", "www.bing.com", "bing.com"):
        found = AMP_VIEWER.match(path)
    else:
        return None
    return ("https" if found[1] else "http", path[found.end() :]) if found else None


def _desktop_host(host: str) -> str:
    """Return the host that shows the same to a large screen: m.e.com is www.e.com.

    >>> _desktop_host("en.m.wikipedia.org"), _desktop_host("m.e.com"), _desktop_host("m.fr")
    ('en.wikipedia.org', 'www.e.com', 'm.fr')
    """
    if TWIN_LABELS.isdisjoint(host.split(".")):
        return host
    site = site_of(f"https://{host}/")
    if not host.endswith(f".{site}"):
        return host
    labels = host.removesuffix(f".{site}").split(".")
    rest = [label for label in labels if label not in TWIN_LABELS]
    return ".".join([*(rest or ["www"]), site])


def site_of(url: str) -> str:
    """Return the registered domain, by the public suffix list: who answers for the address.

    The host itself where there is none (an IP address, localhost).
    >>> site_of("https://news.bbc.co.uk/a")
    'bbc.co.uk'
    """
    domain: str | None = extract_domain(url)
    return domain or urlsplit(url).hostname or ""


def canonical_of_page(url: str, declared: str | None) -> str:
    """Return the one address of the article on a page that was fetched from `url`.

    `declared` is the page's rel=canonical. It counts within the page's own site: elsewhere it
    would let anybody replace anybody's articles. It does not count when it names the front page
    or a section, as many a site does on all its pages. Raises ValueError when `url` is no address.
    """
    own = canonical_url(url)
    if not declared:
        return own
    try:
        other = canonical_url(urljoin(url, declared.strip()))
    except ValueError:
        return own
    here, there = urlsplit(own), urlsplit(other)
    is_front_page = there.path == "/" and not there.query
    if is_front_page or _is_above(there.path, here.path) or site_of(other) != site_of(own):
        return own
    if here.netloc == there.netloc and here.scheme == "https":
        return there._replace(scheme="https").geturl()  # we know that it works
    return other


def _is_above(path: str, page: str) -> bool:
    """Tell whether `path` is a section that `page` is in, rather than the same article.

    >>> _is_above("/news", "/news/ibm-buys-confluent"), _is_above("/ibm-buys", "/ibm-buys/2")
    (True, False)
    """
    folder = path.rstrip("/") + "/"
    rest = page.removeprefix(folder)
    return page.startswith(folder) and len(rest.rstrip("/")) >= SLUG_CHARS
