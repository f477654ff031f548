"""Password rules: length and a list of common ones, hashed with argon2id."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app
from zxcvbn.frequency_lists import FREQUENCY_LISTS

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 200


@cache
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


def is_common(password: str) -> bool:
    """One of the 30,000 most used passwords, or one of them with digits or dots at its end."""
    plain = password.casefold()
    return plain in _common() or plain.rstrip("0123456789.!-_") in _common() | {""} or len(set(plain)) < 4


def _hasher() -> PasswordHasher:
    if current_app.testing:  # the cost is the point in production and only a delay in tests
        return PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    return PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher().hash(password)


def is_right(password_hash: str, password: str) -> bool:
    """Whether the password belongs to the hash."""
    try:
        return _hasher().verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
