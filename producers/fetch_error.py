"""Why nothing usable came back, in words for users."""

from __future__ import annotations

from runtime.errors import DealwireError

GONE = 410
WORDS = {
    400: "the server does not understand the request",
    401: "the server asks for a password",
    402: "the server asks for money",
    403: "the server refuses us",
    404: "there is nothing at this address",
    410: "it is gone for good",
    429: "the server says that we ask too often",
    451: "it may not be shown for legal reasons",
    500: "the server has failed",
    502: "the server has failed",
    503: "the server is overloaded or closed for maintenance",
    504: "the server has failed",
}


class FetchError(DealwireError):
    """Nothing usable came back; the text says why, for users."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        """What the server answered; None when it did not, or was not asked."""
        self.retry_after_s = retry_after_s
        """How long the server wants to be left alone."""
        self.final = final
        """Whether asking again is in vain: what was refused was refused by us, or is gone."""

    @property
    def gone(self) -> bool:
        """Whether the server says that it will never come back."""
        return self.status == GONE
