"""Where an exception came from, with its words and without."""

from gremlink.proxy.messages.tracebacks import traceback_lines


def failed() -> ValueError:
    try:
        try:
            raise KeyError("ws://ann:hunter2@h/g")
        except KeyError as cause:
            raise ValueError("a\x1b[31m\nFORGED") from cause
    except ValueError as error:
        return error


def test_words_are_escaped_and_stay_in_their_line() -> None:
    lines = list(traceback_lines(failed(), words=True))
    assert lines[-1] == "ValueError: a\\x1b[31m\\nFORGED"
    assert "KeyError: 'ws://…@h/g'" in lines
    assert "which led to" in lines
    assert all(line.isprintable() for line in lines)


def test_without_words_there_are_places_and_classes() -> None:
    text = "\n".join(traceback_lines(failed(), words=False))
    assert "FORGED" not in text
    assert "hunter2" not in text
    assert "in failed" in text
    assert text.endswith("ValueError")
