"""What can go wrong, each with a stable code: the only exceptions that reach a client in words."""

from typing import Any, ClassVar


class DomainError(Exception):
    """An expected failure. `code` is part of the public contract and never changes its meaning.

    `message` says what happened and what to do next; `details` holds JSON values for `extensions`.
    `http_status` is what a plain HTTP route answers.
    """

    code: ClassVar[str] = "DOMAIN_ERROR"
    http_status: ClassVar[int] = 400

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class BadInput(DomainError):
    """A value is outside what its description allows; `field` names it."""

    code = "BAD_INPUT"
    http_status = 422


class Unauthenticated(DomainError):
    """Nobody is signed in, or the access token has ended (refresh it and try again)."""

    code = "UNAUTHENTICATED"
    http_status = 401


class WrongCredentials(DomainError):
    """Email and password do not belong together; says nothing about which."""

    code = "WRONG_CREDENTIALS"
    http_status = 401


class SessionRevoked(DomainError):
    """The session was ended, or its refresh token was used twice."""

    code = "SESSION_REVOKED"
    http_status = 401


class Forbidden(DomainError):
    """The viewer may see this but not do that; `required` names the least role or scope."""

    code = "FORBIDDEN"
    http_status = 403


class NotFound(DomainError):
    """It does not exist, or the viewer may not know that it does."""

    code = "NOT_FOUND"
    http_status = 404


class RegistrationClosed(DomainError):
    """New accounts are not open to this person."""

    code = "REGISTRATION_CLOSED"
    http_status = 403


class SignInRefused(DomainError):
    """Who signed in elsewhere is not let in here; `reason` is one of the codes below.

    CANCELLED (there), EXPIRED (begun elsewhere, long ago, or used already), PROVIDER (what came from there
    cannot be trusted, or nothing came), NOT_ALLOWED, NO_EMAIL, EMAIL_TAKEN (by an account that is not
    linked), NEEDS_INVITE, CLOSED (no new accounts), DISABLED, LINKED (with another account here),
    LINKED_OTHERWISE (with another account there).
    """

    code = "SIGN_IN_REFUSED"
    http_status = 403


class LastWayIn(DomainError):
    """Whoever unlinked this could not sign in any more."""

    code = "LAST_WAY_IN"
    http_status = 409


class AddressUnproven(DomainError):
    """Who joins proves their address first: requestRegistration mails the code that register wants."""

    code = "ADDRESS_UNPROVEN"
    http_status = 403


class LinkOver(DomainError):
    """The code of a link that was mailed is used, over, replaced by a newer one, or none of ours."""

    code = "LINK_OVER"
    http_status = 410


class MailUnavailable(DomainError):
    """This server sends no mail: its owner has not said through which server."""

    code = "MAIL_UNAVAILABLE"
    http_status = 409


class AlreadyExists(DomainError):
    """An identifier sent by the client is taken by something else."""

    code = "ALREADY_EXISTS"
    http_status = 409


class MutationIdConflict(DomainError):
    """A client mutation id was used before with another payload."""

    code = "MUTATION_ID_CONFLICT"
    http_status = 409


class BoardTrashed(DomainError):
    """A board in the trash can be read and restored, not changed."""

    code = "BOARD_TRASHED"
    http_status = 409


class ItemsLocked(DomainError):
    """Some of the items are locked; `ids` lists them."""

    code = "ITEMS_LOCKED"
    http_status = 409


class LimitExceeded(DomainError):
    """A bound of the product: list length, items on a board, size of a query."""

    code = "LIMIT_EXCEEDED"
    http_status = 413


class QuotaExceeded(DomainError):
    """More than the account may take; `quota` says of what, `used` and `limit` how much."""

    code = "QUOTA_EXCEEDED"
    http_status = 413


class NothingToUndo(DomainError):
    """The viewer has nothing left to undo (or redo) on this board."""

    code = "NOTHING_TO_UNDO"
    http_status = 409


class NothingToChange(DomainError):
    """All is as it was asked to be already, so no change was written."""

    code = "NOTHING_TO_CHANGE"
    http_status = 409


class LastOwner(DomainError):
    """A board always keeps at least one owner."""

    code = "LAST_OWNER"
    http_status = 409


class HistoryCompacted(DomainError):
    """That far back the history of the board is no longer kept; `earliest` is the first seq that is."""

    code = "HISTORY_COMPACTED"
    http_status = 410


class OnlyNow(DomainError):
    """It is not part of a board's history: it can be read of the board of today alone."""

    code = "ONLY_NOW"
    http_status = 409


class TooBusy(DomainError):
    """Too many requests of this kind at once; `retry_after_seconds` says when to try again."""

    code = "TOO_BUSY"
    http_status = 429


class FileTooLarge(DomainError):
    """The file or its batch is over the limit, `limit_bytes`."""

    code = "FILE_TOO_LARGE"
    http_status = 413


class ImageRefused(DomainError):
    """The bytes are no picture that webref takes; `reason` is one of the codes below.

    EMPTY, NOT_AN_IMAGE, UNSUPPORTED_FORMAT, TOO_MANY_PIXELS, TOO_MANY_FRAMES, CORRUPT,
    TOO_EXPENSIVE (decoding ran out of its time or memory), NO_PREVIEW (a raw file without one),
    PROTECTED (a document with a password), NO_SUCH_PAGE.
    """

    code = "IMAGE_REFUSED"
    http_status = 422


class StorageUnavailable(DomainError):
    """Files cannot be written or read right now (disk full, store unreachable)."""

    code = "STORAGE_UNAVAILABLE"
    http_status = 507


class DatabaseUnavailable(DomainError):
    """PostgreSQL does not answer; whether a mutation happened, a repeat tells."""

    code = "DATABASE_UNAVAILABLE"
    http_status = 503


class NotInBucket(DomainError):
    """Here files are kept in a folder: send them to /uploads or to /uploads/tus."""

    code = "NOT_IN_BUCKET"
    http_status = 409


class UploadIncomplete(DomainError):
    """Parts are missing or have another size; `missing` lists the first of their numbers."""

    code = "UPLOAD_INCOMPLETE"
    http_status = 409


class UploadOffset(DomainError):
    """The bytes do not begin where the upload ends; `offset` is where it does."""

    code = "UPLOAD_OFFSET"
    http_status = 409


class UploadTakenOver(DomainError):
    """Another request has gone on with this upload meanwhile: ask for its offset."""

    code = "UPLOAD_TAKEN_OVER"
    http_status = 423


class WrongChecksum(DomainError):
    """The bytes are not those that their checksum was made of; none of them was kept."""

    code = "WRONG_CHECKSUM"
    http_status = 460


class ArchiveRefused(DomainError):
    """An archive, or an entry of it, that is not unpacked; the message says why."""

    code = "ARCHIVE_REFUSED"
    http_status = 422


class UrlRefused(DomainError):
    """An address that this server does not fetch from; the message says why."""

    code = "URL_REFUSED"
    http_status = 422


class FetchFailed(DomainError):
    """The web gave nothing for this address; `status` is what the host answered, if it did."""

    code = "FETCH_FAILED"
    http_status = 502


class Resync(DomainError):
    """The stream cannot be continued without a gap: read the board again, then subscribe from its seq."""

    code = "RESYNC"
    http_status = 409
