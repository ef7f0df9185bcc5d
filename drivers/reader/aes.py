"""AES-128 for one block, as FIPS 197 says. For band models and for readers without a crypto
library: slow, and not for secrets that anybody can time from nearby."""

from __future__ import annotations

from functools import lru_cache

ROUNDS = 10
POLYNOMIAL = 0x11B  # x^8 + x^4 + x^3 + x + 1, section 4.2


def _multiply(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= POLYNOMIAL
        b >>= 1
    return product


def _s_box() -> bytes:
    box = bytearray(256)
    for value in range(256):
        inverse = next((c for c in range(256) if _multiply(value, c) == 1), 0)
        turned = inverse * 0x101  # the rotations of section 5.1.1 in one shift each
        box[value] = (inverse ^ turned >> 7 ^ turned >> 6 ^ turned >> 5 ^ turned >> 4 ^ 0x63) & 0xFF
    return bytes(box)


S_BOX = _s_box()
INVERSE_S_BOX = bytes(S_BOX.index(value) for value in range(256))
TIMES = {
    factor: bytes(_multiply(v, factor) for v in range(256)) for factor in (2, 3, 9, 11, 13, 14)
}
# ShiftRows (section 5.1.2) as a permutation of the 16 bytes, column by column.
SHIFTED = [(at + 4 * (at % 4)) % 16 for at in range(16)]
SHIFTED_BACK = [(at - 4 * (at % 4)) % 16 for at in range(16)]


@lru_cache(maxsize=64)
def _schedule(key: bytes) -> list[bytes]:
    if len(key) != 16:
        raise ValueError(f"an AES-128 key has 16 bytes, not {len(key)}")
    words = [key[at : at + 4] for at in range(0, 16, 4)]
    constant = 1
    for at in range(4, 4 * ROUNDS + 4):
        word = words[-1]
        if at % 4 == 0:
            word = (word[1:] + word[:1]).translate(S_BOX)
            word = bytes((word[0] ^ constant,)) + word[1:]
            constant = _multiply(constant, 2)
        words.append(_xor(words[-4], word))
    return [b"".join(words[at : at + 4]) for at in range(0, len(words), 4)]


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def encrypt(key: bytes, block: bytes) -> bytes:
    """One block of 16 bytes."""
    keys = _schedule(key)
    two, three = TIMES[2], TIMES[3]
    state = _xor(block, keys[0])
    for number in range(1, ROUNDS + 1):
        state = state.translate(S_BOX)
        state = bytes([state[at] for at in SHIFTED])
        if number < ROUNDS:
            mixed = bytearray()
            for at in (0, 4, 8, 12):
                a, b, c, d = state[at : at + 4]
                mixed.append(two[a] ^ three[b] ^ c ^ d)
                mixed.append(a ^ two[b] ^ three[c] ^ d)
                mixed.append(a ^ b ^ two[c] ^ three[d])
                mixed.append(three[a] ^ b ^ c ^ two[d])
            state = bytes(mixed)
        state = _xor(state, keys[number])
    return state


def decrypt(key: bytes, block: bytes) -> bytes:
    """The inverse of `encrypt`."""
    keys = _schedule(key)
    m9, m11, m13, m14 = TIMES[9], TIMES[11], TIMES[13], TIMES[14]
    state = _xor(block, keys[ROUNDS])
    for number in range(ROUNDS - 1, -1, -1):
        state = bytes([state[at] for at in SHIFTED_BACK]).translate(INVERSE_S_BOX)
        state = _xor(state, keys[number])
        if number:
            mixed = bytearray()
            for at in (0, 4, 8, 12):
                a, b, c, d = state[at : at + 4]
                mixed.append(m14[a] ^ m11[b] ^ m13[c] ^ m9[d])
                mixed.append(m9[a] ^ m14[b] ^ m11[c] ^ m13[d])
                mixed.append(m13[a] ^ m9[b] ^ m14[c] ^ m11[d])
                mixed.append(m11[a] ^ m13[b] ^ m9[c] ^ m14[d])
            state = bytes(mixed)
    return state
