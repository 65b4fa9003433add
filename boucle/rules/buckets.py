"""In which of 10,000 buckets a contact lies: the same for ever, and another one for each purpose.

The id of the rule or holdout is the salt, so editing a rule moves nobody, and changing its id
draws everybody anew.
"""

from __future__ import annotations

import hashlib

BUCKETS = 10_000


def bucket(id_: str, contact: str) -> int:
    """The bucket, 0 to 9999: the first 8 bytes, big-endian, of sha256(id ‖ 0x00 ‖ contact), mod 10,000."""
    drawn = hashlib.sha256(f"{id_}\0{contact}".encode()).digest()[:8]
    return int.from_bytes(drawn, "big") % BUCKETS


def is_in_share(id_: str, contact: str, share: int) -> bool:
    """Whether a contact lies in the first `share` basis points (2500 is 25 %)."""
    return bucket(id_, contact) < share
