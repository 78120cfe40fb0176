"""Addresses of the web: more than 400 ways to name what must not be asked, and the plain ones that may."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import product

import pytest

from domain.addresses import is_public, networks_of, require_allowed, target_of
from domain.errors import UrlRefused

INSIDE_4 = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
    *("127.255.255.254", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1"),
    *("192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1"),
    *("198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
    *("255.255.255.255", "168.63.129.16"),
]
OUTSIDE_4 = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "192.0.1.1", "100.128.0.1"]
OUTSIDE_4 += ["168.63.129.15", "198.17.255.255", "198.20.0.0", "223.255.255.255", "11.0.0.1", "126.1.1.1"]
INSIDE_6 = [
    *(
        "::",
        "::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "100::1",
    ),
    *(
        "64:ff9b:1::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
    ),
    *("2001:db8::1", "3fff::1", "4000::1", "5f00::1", "2002::1", "2002:808:808::1"),
]
OUTSIDE_6 = ["2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2003::1", "2600::1", "64:ff9b::808:808"]


def carried(address: str) -> list[str]:
    """The IPv6 addresses that lead to an IPv4 address, or once did."""
    number = int(IPv4Address(address))
    return [
        f"::ffff:{address}",
        str(IPv6Address((0x0064_FF9B << 96) | number)),
        str(IPv6Address(number)),
        str(IPv6Address((0x2002 << 112) | (number << 80) | 1)),
        str(IPv6Address((0x2001_0000 << 96) | (0xFFFFFFFF ^ number))),
    ]


@pytest.mark.parametrize("text", INSIDE_4 + INSIDE_6 + [six for four in INSIDE_4 for six in carried(four)])
def test_what_is_inside_is_never_asked(text: str) -> None:
    address = ip_address(text)
    assert not is_public(address)
    with pytest.raises(UrlRefused):
        require_allowed([ip_address("1.1.1.1"), address], 443, ())


@pytest.mark.parametrize("text", OUTSIDE_4 + OUTSIDE_6 + [f"::ffff:{text}" for text in OUTSIDE_4])
def test_what_is_out_on_the_internet_may_be_asked_on_its_usual_ports(text: str) -> None:
    require_allowed([ip_address(text)], 443, ())
    require_allowed([ip_address(text)], 80, ())
    for port in (22, 25, 8080, 6379, 5432):
        with pytest.raises(UrlRefused):
            require_allowed([ip_address(text)], port, ())


def test_a_name_with_one_address_inside_is_refused_whole() -> None:
    with pytest.raises(UrlRefused):
        require_allowed([ip_address("93.184.216.34"), ip_address("127.0.0.1")], 80, ())


def test_what_the_owner_allows_may_be_asked_on_any_port_and_nothing_beside_it() -> None:
    allowed = networks_of("10.1.0.0/16, fd00::/8")
    require_allowed([ip_address("10.1.2.3"), ip_address("fd00::1")], 9000, allowed)
    for text in ("10.2.0.1", "127.0.0.1", "::ffff:10.2.0.1", "fe80::1"):
        with pytest.raises(UrlRefused):
            require_allowed([ip_address(text)], 80, allowed)
    assert networks_of("") == ()
    assert networks_of("127.0.0.1/32") == (ip_network("127.0.0.1/32"),)
    with pytest.raises(ValueError, match="networks"):
        networks_of("10.0.0.1/8")


def forms(address: str) -> list[str]:
    """Other ways to write an IPv4 address that resolvers and browsers understand."""
    a, b, c, d = (int(part) for part in address.split("."))
    whole = (a << 24) | (b << 16) | (c << 8) | d
    return [
        *(str(whole), hex(whole), oct(whole).replace("o", ""), f"{whole + 2**32}"),
        *(f"{a}.{(b << 16) | (c << 8) | d}", f"{a}.{b}.{(c << 8) | d}"),
        *(f"{a:#x}.{b:#x}.{c:#x}.{d:#x}", f"{a:#x}.{b}.{c}.{d}", f"{a}.{b}.{c}.0x{d:x}", f"0x{a:08x}.{d}"),
        *(f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"0{a:o}.{b}.{c}.{d}", f"{a:03}.{b:03}.{c:03}.{d:03}"),
        *(f"{a}.{b}.{c}.{d}.5", f"{a + 256}.{b}.{c}.{d}", f"{a}.{b}.{c}."),
    ]


MEANT = ("127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.5.9", "100.100.100.200")
ODD_FORMS = [form for address in MEANT for form in forms(address) if form not in MEANT]


@pytest.mark.parametrize(("scheme", "host"), list(product(("http", "https"), ODD_FORMS)))
def test_numbers_that_are_no_usual_ones_are_refused(scheme: str, host: str) -> None:
    with pytest.raises(UrlRefused):
        target_of(f"{scheme}://{host}/a.png")


@pytest.mark.parametrize(
    "host",
    [
        "１２７.０.０.１",
        "127。0。0。1",
        "127．0．0．1",
        "①②⑦.⓪.⓪.①",
        "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::1]",
        "[0000::0001]",
    ],
)
def test_other_writing_of_what_is_inside_is_seen_through(host: str) -> None:
    """Refused at once, or taken for the address that it is, which is then refused."""
    try:
        target = target_of(f"http://{host}/")
    except UrlRefused:
        return
    assert not is_public(ip_address(target.host))


BAD = [
    *("", " ", "picture.png", "//example.org/a.png", "/etc/passwd", "ftp://example.org/a.png"),
    *("file:///etc/passwd", "gopher://example.org/", "javascript:alert(1)", "blob:https://example.org/1"),
    *("dict://example.org:11211/", "jar:http://example.org!/", "http:/example.org", "http:example.org"),
    *("http://", "https:///a.png", "http://:80/", "http://@/", "http://?a", "http://#a", "http://."),
    *("http://user@example.org/", "http://user:word@example.org/", "http://example.org@127.0.0.1/"),
    *("http://127.0.0.1@example.org/", "http://example.org:80@127.0.0.1:80/", "https://:@example.org/"),
    *(
        "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
        "http://example.org\\@127.0.0.1/",
        "http://127.0.0.1\\.example.org/",
    ),
    *("http://example.org%2f@127.0.0.1/", "http://%31%32%37.0.0.1/", "http://127.0.0.1%00.example.org/"),
    *("http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[::1", "http://[::1]x/", "http://[]/"),
    *("http://[::1]]/", "http://[127.0.0.1]/", "http://[::ffff:0127.0.0.1]/", "http://[1:2]/", "http://::1/"),
    *(
        "http://exa mple.org/",
        "http://example.org\r\nHost: x/",
        "http://example.org/\r\nX: y",
        "http://exa\tmple.org/",
    ),
    *(
        "http://example.org\x00/",
        "http://example.org:0/",
        "http://example.org:65536/",
    ),
    *(
        "http://example.org:-1/",
        "http://example.org:８０/",
        "http://example.org:80:80/",
        "http://example.org:8o/",
    ),
    *(
        "http://-/",
        "http://a..b/",
        "http://.example.org/",
        "http://exa$mple.org/",
        "http://exa*mple/",
    ),
    *("http://" + "a" * 64 + ".org/", "http://" + "a." * 130 + "org/", "http://example.org/" + "a" * 4_000),
    *("http://example.org,127.0.0.1/", "http://127.0.0.1;example.org/", "http://\u200b/", "http://\ud800/"),
]


@pytest.mark.parametrize("url", BAD)
def test_what_is_no_address_of_a_host_on_the_web_is_refused_in_words(url: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        target_of(url)
    assert len(refused.value.message) > 20


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        (" https://Example.ORG ", "https://example.org/"),
        ("https://example.org:443/a.png#part", "https://example.org/a.png"),
        ("http://example.org:8080/a?b=c d", "http://example.org:8080/a?b=c%20d"),
        ("https://bücher.example/ü/ä.png", "https://xn--bcher-kva.example/%C3%BC/%C3%A4.png"),
        ("https://example.org/a%20b/c d.png", "https://example.org/a%20b/c%20d.png"),
        ("https://my_bucket.example.org./x", "https://my_bucket.example.org/x"),
        ("http://[2606:4700::1]:80/x", "http://[2606:4700::1]/x"),
        ("http://93.184.216.34", "http://93.184.216.34/"),
        ("https://example.org?x=1", "https://example.org/?x=1"),
        ("https://example.org/?u=http://user@other/", "https://example.org/?u=http://user@other/"),
        ("https://example.org/w_200,c_fill/a@2x.png", "https://example.org/w_200,c_fill/a@2x.png"),
    ],
)
def test_plain_addresses_are_taken_as_browsers_take_them(url: str, seen: str) -> None:
    assert target_of(url).url == seen
    assert target_of(seen).url == seen


def test_relative_ones_belong_to_their_page() -> None:
    assert target_of("../b.png", base="https://example.org/x/y/").url == "https://example.org/x/b.png"
    assert (
        target_of("//cdn.example.org/b.png", base="https://example.org/").url
        == "https://cdn.example.org/b.png"
    )
    with pytest.raises(UrlRefused):
        target_of("//127.1/b.png", base="https://example.org/")


def test_there_are_enough_of_them() -> None:
    inside = len(INSIDE_4) * 6 + len(INSIDE_6)
    assert inside + 2 * len(ODD_FORMS) + len(BAD) >= 400
