"""Credentials: the tokens by which a request says who asks, and whom they were found to be a moment ago."""

import time
from collections import OrderedDict

from domain import sessions, tokens
from domain.access import Proof, Viewer
from domain.errors import Unauthenticated

LONGEST_CREDENTIAL = 4_096
MOST_REMEMBERED = 10_000

# By their digests, of which nobody can make a token again.
_proofs: OrderedDict[bytes, Proof] = OrderedDict()


async def viewer_of(credential: str) -> Viewer:
    """Whom an access token or an API token (`wr_…`) speaks for at this moment. Raises Unauthenticated."""
    if not credential or len(credential) > LONGEST_CREDENTIAL:
        raise Unauthenticated("This is no token of webref.")
    key = sessions.digest_of(credential)
    _proofs.pop(key, None)
    proof_of = tokens.proof_of if credential.startswith(tokens.PREFIX) else sessions.proof_of
    proof = await proof_of(credential)
    _proofs[key] = proof
    if len(_proofs) > MOST_REMEMBERED:
        _proofs.popitem(last=False)
    return proof.viewer


def recognised(credential: str) -> Viewer | None:
    """Whom it was found to be less than a minute ago, and not whether that still holds.

    Only for statements that ask by themselves whether account and session or token still stand.
    """
    proof = _proofs.get(sessions.digest_of(credential))
    return proof.viewer if proof is not None and time.time() < proof.until else None
