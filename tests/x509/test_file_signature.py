"""The signature over a file on both runtimes; the RSA-PSS vector was made with the package `cryptography`, the other one by the tests' own signer."""

from binascii import a2b_base64
from hashlib import sha256

from ampacity.x509.certificate import key_of
from ampacity.x509.encoding import integer, sequence
from ampacity.x509.file_signature import verify_file
from ampacity.x509.slices import at_once
from update.helper_bundle import RELEASE

DATA = b"firmware"
RSA_KEY = a2b_base64(
    "MIIBCgKCAQEAua529q7vGNVeoJqPURs1usaR64YIVItatl20NwkztN29pUsGgH1RRw58Ho+xfdDMtjImxwkj3rZXqG5aiUUUy1133ceJP6VUzAqMOZ/jqEncDKAKJqN3wU"
    "+Z+HCqqFDKdCgCPQRtMEQBZPwh/Ska7F9zS83j2SxF+GN+3YTe0z50yh7fsbuvMdafROOF4+0MsYjSIMvyJRIHqdboKahQGJcGDDYE71OjVMnV91nMsBJSxP87Wifas0M2"
    "gJWNmYWtWxJ6zyZtl2d2VIL+eKEgq+WfY+ENH0Vo7UmVLwvPY6OPb0t3cVBKax3A+afw73pTinC3pdKj/FuXwo3nnCsUewIDAQAB"
)
PSS = a2b_base64(
    "gHryq/vkeFbWOwSC9R4EzI9MjCRFwKNOyeFATBtz2tjuxCtRITTovT5vS7Gb8d7/0xVqLB/JmF2XpEfTL8BKMp4wm+RbXmTv0NRM/c7HYElQPrWF9AXIJZkPi5HXM2zb7u"
    "veCez4XV5pmz1nvssmwwyiBNzUfUGpZCEWydmCu9opL1P1vcQuvhACLuq+UiH+jQt20yP3Khwh9QZFLCsLKB7VB5w0D5jyGFyS8LttN9MRTPZuweU0vnkXaXFUAKsloPlu"
    "Q6bWB6Or5vcWqtGsy/lM/RfTqcwvCnBpqAwNkqA9TKWKbzWZ329qsjvR+ER4zORsY+KzKRCG79y3NoPSjg=="
)


def verdict(raw, signature, data=DATA):
    return at_once(verify_file(key_of(raw), sha256(data).digest(), signature))


def test_rsa_pss():
    assert verdict(RSA_KEY, PSS)
    assert not verdict(RSA_KEY, PSS, b"firmwarf")
    assert not verdict(RSA_KEY, PSS[:-1] + bytes((PSS[-1] ^ 1,)))


def test_ecdsa_with_p256():
    raw = RELEASE.signature(sha256(DATA).digest())
    signature = sequence(integer(int.from_bytes(raw[:32], "big")), integer(int.from_bytes(raw[32:], "big")))
    assert verdict(b"\4" + RELEASE.public, signature)
    assert not verdict(b"\4" + RELEASE.public, signature, b"firmwarf")
