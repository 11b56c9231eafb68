"""Failures of the operating system and its libraries, in words for people.

Their own texts begin with numbers (`[Errno 13]`, `[SSL: WRONG_VERSION_NUMBER]`), end in places of a
C source, and hide a cause in the words of three layers. Everything that shows such an error uses
this module.
"""

from __future__ import annotations

import errno
import os
import re

_NUMBERS = re.compile(
    r"\[Errno -?\d+\] ?|\[[A-Z0-9]+(?:: [A-Z0-9_]+)?\] (?=.*_ssl\.c)|\s*\(_ssl\.c:\d+\)"
)
_WRAPPED = re.compile(r"connect call failed|error while attempting to bind", re.IGNORECASE)
"""Words that asyncio puts around the system's, repeating an address that we name ourselves."""

_HINTS = {
    errno.EMFILE: "; `ulimit -n` raises the limit of this process",
    errno.ENFILE: "; that is the limit of the whole machine",
}
_LOOK_UPS = {
    -2: "no host of this name is known",
    -3: "the name of the host cannot be looked up at present",
    -5: "no host of this name is known",
}
"""Messages by error numbers of `getaddrinfo`: EAI_NONAME, EAI_AGAIN and EAI_NODATA."""
_TLS = {
    "WRONG_VERSION_NUMBER": "what answers does not speak TLS",
    "HTTP_REQUEST": "what asks does not speak TLS",
    "KEY_VALUES_MISMATCH": "the key is not that of the certificate",
    "NO_START_LINE": "it holds no PEM",
    "NO_CERTIFICATE_OR_CRL_FOUND": "it holds no certificate in PEM",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a certificate of ours",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust our certificate",
}


def reason_of(error: BaseException) -> str:
    """Return the reason of a failure, in words that follow a colon, without paths.

    Knows errors of the operating system, of name look-ups, of TLS, and those that `urllib`, aiohttp
    and `shutil` wrap around them. Any other error gives its own words.
    """
    error = _cause(error)
    # By class name: this package imports nothing that does input or output.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, OSError) and error.args and isinstance(error.args[0], list):
        return _of_copying(error.args[0])
    if isinstance(error, OSError) and "SSLError" in kinds:
        return _of_tls(error)
    if isinstance(error, OSError) and "gaierror" in kinds and error.errno in _LOOK_UPS:
        return _LOOK_UPS[error.errno]
    if isinstance(error, TimeoutError) and not str(error):
        return "there was no answer in time"
    if isinstance(error, OSError):
        number = error.errno or _only_number(str(error))
        text = error.strerror or ""
        if number is not None and number > 0 and (not text or _WRAPPED.search(text)):
            text = os.strerror(number)
        if text:
            return without_numbers(text) + _HINTS.get(number or 0, "")
    return without_numbers(str(error)).rstrip(".") or type(error).__name__


def sentence_of(error: BaseException) -> str:
    """Return what failed and why: `cannot use /x: Permission denied`."""
    names = [
        os.fsdecode(name)
        for name in (getattr(error, "filename", None), getattr(error, "filename2", None))
        if isinstance(name, str | bytes | os.PathLike)
    ]
    reason = reason_of(error)
    if names:
        return f"cannot use {' and '.join(names)}: {reason}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"the operating system refuses: {reason}"
    return reason


def without_numbers(text: str) -> str:
    """Return a library's text without error numbers."""
    return _NUMBERS.sub("", text)


def _cause(error: BaseException) -> BaseException:
    """Return the innermost wrapped error: aiohttp's `os_error`, urllib's `reason`."""
    for name in ("certificate_error", "os_error", "reason"):
        inner = getattr(error, name, None)
        if isinstance(inner, BaseException) and inner is not error:
            return _cause(inner)
    return error


def _only_number(text: str) -> int | None:
    """Return the error number in a text for several attempts, if all have the same."""
    numbers = {int(number) for number in re.findall(r"\[Errno (\d+)\]", text)}
    return numbers.pop() if len(numbers) == 1 else None


def _of_tls(error: OSError) -> str:
    if refused := getattr(error, "verify_message", ""):
        return f"its certificate is not trusted: {refused.rstrip('.')}"
    if known := _TLS.get(getattr(error, "reason", None) or ""):
        return known
    text = without_numbers(error.strerror or str(error))
    return f"TLS failed: {text}" if text else "TLS failed"


def _of_copying(failed: list[tuple[object, object, object]]) -> str:
    """Return the reason of a `shutil.Error`, which lists all files that could not be copied."""
    source, _, why = failed[0]
    others = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{source}: {without_numbers(str(why))}{others}"
