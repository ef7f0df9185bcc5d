"""Triple DES with two keys for one block, as FIPS 46-3 says. Like `aes.py`: slow."""

from __future__ import annotations

from functools import lru_cache

# fmt: off
INITIAL = (58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4,
           62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
           57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3,
           61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7)
P = (16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
     2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25)
PC1 = (57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18,
       10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
       63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22,
       14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4)
PC2 = (14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4,
       26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30, 40,
       51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32)
SHIFTS = (1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1)
# Eight boxes of four rows of sixteen, one hex digit each.
S_BOXES = (
    "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
    "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
    "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
    "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
    "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
    "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
    "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
    "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
)
# fmt: on
Rounds = tuple[int, ...]


def _chosen(value: int, bits: int, table: tuple[int, ...]) -> int:
    """The bits of `value` (numbered from 1 at the left) that `table` names, in its order."""
    out = 0
    for at in table:
        out = out << 1 | value >> (bits - at) & 1
    return out


def _combined() -> list[list[int]]:
    """S-boxes and P in one look-up of six bits each."""
    boxes = []
    for number, digits in enumerate(S_BOXES):
        box = []
        for six in range(64):
            row, column = (six >> 4 & 2) | six & 1, six >> 1 & 15
            four = int(digits[16 * row + column], 16)
            box.append(_chosen(four << (28 - 4 * number), 32, P))
        boxes.append(box)
    return boxes


BOXES = _combined()
FINAL = tuple(INITIAL.index(at) + 1 for at in range(1, 65))


@lru_cache(maxsize=128)
def _rounds(key: bytes) -> Rounds:
    chosen = _chosen(int.from_bytes(key, "big"), 64, PC1)
    left, right = chosen >> 28, chosen & 0xFFFFFFF
    keys = []
    for shift in SHIFTS:
        left = (left << shift | left >> (28 - shift)) & 0xFFFFFFF
        right = (right << shift | right >> (28 - shift)) & 0xFFFFFFF
        keys.append(_chosen(left << 28 | right, 56, PC2))
    return tuple(keys)


def _feistel(value: int, rounds: Rounds) -> int:
    left, right = value >> 32, value & 0xFFFFFFFF
    for key in rounds:
        # The expansion E: six bits around each four, the ends joined.
        wide = right << 1 | right >> 31 | (right & 1) << 33
        out = 0
        for at, box in enumerate(BOXES):
            out |= box[wide >> (28 - 4 * at) & 63 ^ key >> (42 - 6 * at) & 63]
        left, right = right, left ^ out
    return right << 32 | left


def _triple(key: bytes, block: bytes, *, opening: bool) -> bytes:
    if len(key) != 16 or len(block) != 8:
        raise ValueError("3DES with two keys takes a key of 16 bytes and a block of 8")
    first, second = _rounds(key[:8]), _rounds(key[8:])
    outer, inner = (first[::-1], second) if opening else (first, second[::-1])
    value = _chosen(int.from_bytes(block, "big"), 64, INITIAL)
    # The final permutation of one pass undoes the initial one of the next.
    for rounds in (outer, inner, outer):
        value = _feistel(value, rounds)
    return _chosen(value, 64, FINAL).to_bytes(8, "big")


def des3_encrypt(key: bytes, block: bytes) -> bytes:
    """One block of 8 bytes; `key` is K1 and K2, 16 bytes, parity not looked at."""
    return _triple(key, block, opening=False)


def des3_decrypt(key: bytes, block: bytes) -> bytes:
    """The inverse of `des3_encrypt`."""
    return _triple(key, block, opening=True)
