import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.webhooks.guard import TargetPolicy
from chalicelib.webhooks.lookup import ResolveError
from chalicelib.webhooks.targets import InvalidUrlError, Target, check_registration, check_url

STRICT = TargetPolicy()
LOCAL = TargetPolicy(allow_local=True)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com/webhook", Target("https", "example.com", 443, "/webhook")),
        ("https://your-site.com", Target("https", "your-site.com", 443, "/")),
        ("HTTPS://Example.COM:8443/a?b=c&d", Target("https", "example.com", 8443, "/a?b=c&d")),
        ("https://example.com:443?x=/@:", Target("https", "example.com", 443, "/?x=/@:")),
        ("https://example.com./a", Target("https", "example.com", 443, "/a")),
        ("https://a.b-c.d1.co.uk/@x:1//y", Target("https", "a.b-c.d1.co.uk", 443, "/@x:1//y")),
        ("https://bücher.example/ü?ü", Target("https", "xn--bcher-kva.example", 443, "/%C3%BC?%C3%BC")),
        ("https://xn--bcher-kva.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
        ("https://ｅｘａｍｐｌｅ。com/", Target("https", "example.com", 443, "/")),
        ("https://localhost.example.com/", Target("https", "localhost.example.com", 443, "/")),
        ("https://10.example.com/", Target("https", "10.example.com", 443, "/")),
        ("https://127.0.0.1.nip.io/", Target("https", "127.0.0.1.nip.io", 443, "/")),  # its address is refused
    ],
)
def test_good_urls_are_taken_apart(url, target):
    assert check_url(url, STRICT) == target
    assert check_url(url, LOCAL) == target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://example.com/", Target("http", "example.com", 80, "/")),
        ("http://example.com:8001/inbox/a", Target("http", "example.com", 8001, "/inbox/a")),
        ("https://example.com:9000/", Target("https", "example.com", 9000, "/")),
        ("http://localhost:8001/inbox/a", Target("http", "localhost", 8001, "/inbox/a")),
        ("http://LOCALHOST./", Target("http", "localhost", 80, "/")),
        ("http://127.0.0.1:8001/", Target("http", "127.0.0.1", 8001, "/")),
        ("http://127.8.9.1/", Target("http", "127.8.9.1", 80, "/")),
        ("http://[::1]:8001/", Target("http", "::1", 8001, "/")),
        ("http://[0:0:0:0:0:0:0:1]/", Target("http", "::1", 80, "/")),
    ],
)
def test_scheme_port_and_loopback_rules_are_lifted_by_allow_local_only(url, target):
    assert check_url(url, LOCAL) == target
    with pytest.raises(InvalidUrlError):
        check_url(url, STRICT)


def test_the_length_limit_is_inclusive():
    url = "https://example.com/" + "a" * 492
    assert len(url) == 512
    assert check_url(url, STRICT)


@pytest.mark.parametrize(
    ("url", "host_header", "endpoint"),
    [
        ("https://example.com/a", "example.com", "https://example.com:443"),
        ("https://example.com:8443/a", "example.com:8443", "https://example.com:8443"),
        ("http://[::1]:8001/", "[::1]:8001", "http://::1:8001"),
        ("http://127.0.0.1/", "127.0.0.1", "http://127.0.0.1:80"),
    ],
)
def test_the_host_header_and_the_endpoint(url, host_header, endpoint):
    target = check_url(url, LOCAL)
    assert (target.host_header, target.endpoint) == (host_header, endpoint)


_PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "example",
        ".com",
        ".",
        "@",
        ":",
        "443",
        "[",
        "]",
        "::1",
        "/",
        "?",
        "#",
        "%",
        "\\",
        "ß",
        "ü",
        "。",
        "xn--",
        "0x7f",
        "127",
        "localhost",
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=3))).map("".join)))
def test_any_text_is_either_a_sound_target_or_refused(text):
    try:
        target = check_url(text, STRICT)
    except InvalidUrlError:
        return
    assert target.scheme == "https"
    assert target.port in {443, 8443}
    assert set(target.host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert not target.host.rpartition(".")[2].isdigit()
    assert target.path.startswith("/")
    assert target.path.isascii()


def test_registration_refuses_a_name_that_leads_inside():
    for inside in ("10.0.0.1", "169.254.169.254", "127.0.0.1", "64:ff9b::a9fe:a9fe", "::ffff:10.0.0.1"):
        with pytest.raises(InvalidUrlError, match="public addresses"):
            check_registration("https://example.com/", STRICT, lambda _, inside=inside: ["1.1.1.1", inside])


def test_registration_accepts_a_public_name():
    asked = []
    target = check_registration("https://Example.com./", STRICT, lambda host: asked.append(host) or ["1.1.1.1"])
    assert target.host == "example.com"
    assert asked == ["example.com"]


def unresolved(host: str) -> list[str]:
    raise ResolveError(host)


@pytest.mark.parametrize("resolver", [unresolved, lambda _: []])
def test_registration_accepts_a_name_that_does_not_resolve(resolver):
    assert check_registration("https://example.com/", STRICT, resolver).host == "example.com"


def test_allow_local_registers_loopback_names_but_no_private_ones():
    assert check_registration("http://hook.example.com:8001/", LOCAL, lambda _: ["127.0.0.1"])
    assert check_registration("http://127.0.0.1:8001/", LOCAL, unresolved)
    with pytest.raises(InvalidUrlError):
        check_registration("http://hook.example.com:8001/", LOCAL, lambda _: ["127.0.0.1", "192.168.0.1"])
