"""The block ciphers by which bands prove their keys, in CBC mode, from OpenSSL.

Ultralight C proves itself by two-key 3DES (NXP MF0ICU2, section 7.5.5), Ultralight AES by AES-128
(NXP MF0AES(H)20). Two-key 3DES is as old as that chip and protects nothing else here.
"""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES


def des3_encrypt(key: bytes, start: bytes, data: bytes) -> bytes:
    """`data` of whole 8-byte blocks; key of 16 bytes, `start` of 8. Raises ValueError."""
    return _encrypted(_des3(key, start), data)


def des3_decrypt(key: bytes, start: bytes, data: bytes) -> bytes:
    """The way back."""
    return _decrypted(_des3(key, start), data)


def aes_encrypt(key: bytes, start: bytes, data: bytes) -> bytes:
    """`data` of whole 16-byte blocks; key and `start` of 16 bytes. Raises ValueError."""
    return _encrypted(Cipher(AES(key), modes.CBC(start)), data)


def aes_decrypt(key: bytes, start: bytes, data: bytes) -> bytes:
    """The way back."""
    return _decrypted(Cipher(AES(key), modes.CBC(start)), data)


def _des3(key: bytes, start: bytes) -> Cipher[modes.CBC]:
    return Cipher(TripleDES(key + key[:8]), modes.CBC(start))  # the third key is the first


def _encrypted(cipher: Cipher[modes.CBC], data: bytes) -> bytes:
    engine = cipher.encryptor()
    return engine.update(data) + engine.finalize()


def _decrypted(cipher: Cipher[modes.CBC], data: bytes) -> bytes:
    engine = cipher.decryptor()
    return engine.update(data) + engine.finalize()
