"""What a browser must be told by every response, and which sites must not be let in. Knows nothing of the program."""

from collections.abc import Iterator, Mapping

ALLOWED_ORIGIN = "https://portal.aurora.example"
_UNTRUSTED_SOURCES = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "http:", "https:", "data:", "blob:")
_NEEDED_SOURCES = {
    "default-src": ("'none'", "'self'"),
    "img-src": ("'self'", "'none'"),
    "object-src": ("'none'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
}
_NEEDED_VALUES = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_PUBLIC = ("/static/", "/docs", "/redoc")


def faults_of(path: str, headers: list[tuple[str, str]]) -> list[str]:
    """What is wrong with the headers of a response, given by lower-case name."""
    names = [name for name, _ in headers]
    values = dict(headers)
    faults = [f"{name}: not {value}" for name, value in _NEEDED_VALUES.items() if values.get(name) != value]
    faults += list(_faults_of_policy(values.get("content-security-policy", "")))
    if names.count("content-security-policy") > 1 or names.count("cache-control") > 1:
        faults.append("stated twice")
    if not values.get("strict-transport-security", "").startswith("max-age=31536000"):
        faults.append("strict-transport-security")
    if not values.get("permissions-policy"):
        faults.append("permissions-policy")
    if values.get("cache-control") != "no-store" and not _is_public(path, values):
        faults.append("cache-control: it may be kept")
    return faults


def _faults_of_policy(policy: str) -> Iterator[str]:
    directives = {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}
    for name, accepted in _NEEDED_SOURCES.items():
        sources = directives.get(name, [])
        if len(sources) != 1 or sources[0] not in accepted:
            yield f"{name}: {sources}"
    for name, sources in directives.items():
        for source in sources:
            if source in _UNTRUSTED_SOURCES or "://" in source:
                yield f"{name}: {source}"


def _is_public(path: str, values: Mapping[str, str]) -> bool:
    """Whether it is a page or its part, the same for everybody."""
    is_page = path == "/" and values.get("content-type", "").startswith("text/html")
    return is_page or path.startswith(_PUBLIC)


def lets_in(origin: str, headers: Mapping[str, str], *, anybody: bool) -> bool:
    """Whether a browser would show this answer to a page of that origin.

    Args:
        anybody: the installation is open to every site; then letting in means with the visitor's credentials.
    """
    allowed = headers.get("access-control-allow-origin")
    with_credentials = headers.get("access-control-allow-credentials") == "true"
    if anybody:
        return with_credentials or allowed not in (None, "*")
    return allowed is not None


def evil_origins() -> list[str]:
    """Fifty origins that resemble the allowed one, or have tricked careless comparisons elsewhere."""
    scheme, _, host = ALLOWED_ORIGIN.partition("://")
    return [
        "null",
        "NULL",
        "*",
        "file://",
        "data:text/html,x",
        "about:blank",
        "chrome-extension://abcdefghijklmnop",
        f"http://{host}",
        f"ws://{host}",
        f"wss://{host}",
        f"ftp://{host}",
        f"{scheme}:{host}",
        f"{scheme}:/{host}",
        f"{scheme}:///{host}",
        f"//{host}",
        host,
        f"HTTPS://{host}",
        f"Https://{host}",
        f"{scheme}://{host.upper()}",
        f"{scheme}://{host.title()}",
        f"{scheme}://{host}.",
        f"{scheme}://{host}/",
        f"{scheme}://{host}/x",
        f"{scheme}://{host}?x",
        f"{scheme}://{host}#x",
        f"{scheme}://{host}:443",
        f"{scheme}://{host}:80",
        f"{scheme}://{host}:8443",
        f"{scheme}://{host}:",
        f"{scheme}://{host}.evil.example",
        f"{scheme}://{host}evil.example",
        f"{scheme}://{host}-evil.example",
        f"{scheme}://{host}%00.evil.example",
        f"{scheme}://{host}%2eevil.example",
        f"{scheme}://{host}\\.evil.example",
        f"{scheme}://{host}@evil.example",
        f"{scheme}://{host}:x@evil.example",
        f"{scheme}://{host}, https://evil.example",
        f"https://evil.example, {scheme}://{host}",
        f"{scheme}://{host} https://evil.example",
        f"{scheme}://{host};evil.example",
        f"{scheme}://evil{host}",
        f"{scheme}://evil-{host}",
        f"{scheme}://evil.{host}",
        f"{scheme}://evil.example/{host}",
        f"{scheme}://evil.example?{host}",
        f"{scheme}://evil.example#{host}",
        f"{scheme}://{host.replace('.', '-')}",
        f"{scheme}://{host.replace('.', 'x', 1)}",
        f"{scheme}://{host.partition('.')[2]}",
    ]
