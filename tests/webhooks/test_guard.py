from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.webhooks.guard import TargetPolicy, is_loopback, is_public, may_connect

LOCAL = TargetPolicy(allow_local=True)

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1"]
PUBLIC += ["169.253.1.1", "192.0.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "168.63.129.17"]
PUBLIC += ["2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2001:200::1", "2003::1", "2400:cb00::1"]

REFUSED_V4 = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1"]
REFUSED_V4 += ["127.255.255.254", "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1"]
REFUSED_V4 += ["172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.0.170", "192.0.0.192", "192.0.2.1"]
REFUSED_V4 += ["192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"]
REFUSED_V4 += ["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.31.196.1", "192.52.193.1"]

REFUSED_V6 = ["::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:169.254.169.254", "::127.0.0.1"]
REFUSED_V6 += ["::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::a9fe:a9fe", "64:ff9b::8.8.8.8", "64:ff9b:1::a9fe:a9fe"]
REFUSED_V6 += ["100::1", "100:0:0:1::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1"]
REFUSED_V6 += ["2001:10::1", "2001:20::1", "2001:1ff::1", "2001:db8::1", "2002:a9fe:a9fe::1", "2002:808:808::1"]
REFUSED_V6 += ["2620:4f:8000::1", "3ffe::1", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1", "fc00::1"]
REFUSED_V6 += ["fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "ff0e::1"]

NO_ADDRESS = [
    "",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f.1",
    "010.0.0.1",
    "8.8.8.8 ",
    "8.8.8",
    "[::1]",
    "8.8.8.8/32",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_let_through(address):
    assert is_public(address)
    assert may_connect(address, TargetPolicy())


@pytest.mark.parametrize("address", REFUSED_V4 + REFUSED_V6 + NO_ADDRESS)
def test_all_others_are_refused(address):
    assert not is_public(address)
    assert not may_connect(address, TargetPolicy())


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
def test_allow_local_lets_loopback_through(address):
    assert is_loopback(address)
    assert may_connect(address, LOCAL)


@pytest.mark.parametrize("address", sorted({*REFUSED_V4, *REFUSED_V6} - {"127.0.0.1", "127.255.255.254", "::1"}))
def test_allow_local_lets_nothing_else_through(address):
    assert not may_connect(address, LOCAL)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_never_laxer_than_the_standard_library(address: IPv4Address | IPv6Address):
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved
