"""What goes wrong with a bucket, in words that say whose turn it is; no key or secret is ever among them."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)

from domain.errors import StorageUnavailable

FAILURES = (
    ClientError,
    BotoCoreError,
    aiohttp.ClientError,
    OSError,
    StorageUnavailable,
)
"""All that one request may raise when it does not get its answer."""

AGAIN_SECONDS = 5

_REFUSED = {
    "InvalidAccessKeyId": "does not know the access key; check WEBREF_S3_ACCESS_KEY",
    "SignatureDoesNotMatch": "does not take the secret key; check WEBREF_S3_SECRET_KEY and WEBREF_S3_REGION",
    "ExpiredToken": "says that the credentials have expired; renew them",
    "TokenRefreshRequired": "says that the credentials have expired; renew them",
    "InvalidToken": "does not take the session token; renew the credentials",
    "RequestTimeTooSkewed": "says that the clock of this machine is wrong; set it",
    "AuthorizationHeaderMalformed": "expects another region; check WEBREF_S3_REGION",
    "PermanentRedirect": "keeps this bucket in another region; check WEBREF_S3_REGION",
    "NoSuchBucket": "has no such bucket; make it, or check WEBREF_STORAGE",
    "QuotaExceeded": "is full: its quota is used up. Make room",
    "InsufficientStorage": "is full. Make room",
    "XMinioStorageFull": "is full. Make room",
    "EntityTooLarge": "takes no file of this size",
}


def code_of(error: ClientError) -> str:
    """S3's own, or the HTTP status where an answer has no body."""
    return str(error.response.get("Error", {}).get("Code") or _status_of(error))


def _status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@contextlib.contextmanager
def bucket_words(bucket: str, endpoint: str | None) -> Iterator[None]:
    """Translates every failure of a request into StorageUnavailable, FileNotFoundError excepted."""
    where = f"The S3 store at {urlsplit(endpoint).netloc if endpoint else 'Amazon'}"
    try:
        yield
    except ClientError as error:
        raise StorageUnavailable(
            f"{where} {_refusal(error, bucket)}.", retry_after_seconds=AGAIN_SECONDS
        ) from error
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise StorageUnavailable(
            f"{where} cannot be used without keys: set WEBREF_S3_ACCESS_KEY and WEBREF_S3_SECRET_KEY."
        ) from error
    except FileNotFoundError:
        raise
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:
        raise StorageUnavailable(
            f"{where} does not answer. Nothing was lost; try again in a moment.",
            retry_after_seconds=AGAIN_SECONDS,
        ) from error


def _refusal(error: ClientError, bucket: str) -> str:
    code, status = code_of(error), _status_of(error)
    if code in _REFUSED:
        return _REFUSED[code]
    if status == 404:
        return f"has no bucket {bucket!r}; make it, or check WEBREF_STORAGE"
    if status in (401, 403):
        return f"does not allow that in the bucket {bucket!r} ({code}); check the rights of the access key"
    if status == 507:
        return _REFUSED["InsufficientStorage"]
    if status >= 500 or code in ("SlowDown", "RequestTimeout"):
        return f"cannot serve at the moment ({code}). Nothing was lost; try again in a moment"
    return f"refused a request ({code})"
