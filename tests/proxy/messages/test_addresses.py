"""No address that stands in a message tells a password."""

import pytest

from gremlink.proxy.messages.addresses import HIDDEN, without_credentials, without_passwords


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://host:8182/gremlin", "ws://host:8182/gremlin"),
        ("wss://ann:hunter2@host/gremlin", "wss://host/gremlin"),
        ("ws://ann:hunt@er2@host:1/g", "ws://host:1/g"),
        ("ws://ann:hunter%2F2@[::1]:1/g", "ws://[::1]:1/g"),
        ("ws://ann:hunter2", HIDDEN),
        ("ws://ann:hun/ter2@host/g", HIDDEN),
        ("ws://ann:1/hunter2@host/g", HIDDEN),
        ("ws://ann:1#hunter2@host/g", HIDDEN),
        ("ws://host/g?token=hunter2", HIDDEN),
        ("ws://[hunter2@host", HIDDEN),
        ("ann:hunter2@host:8182", HIDDEN),
        ("", HIDDEN),
    ],
)
def test_an_address_without_its_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


@pytest.mark.parametrize(
    "text",
    [
        'cannot connect to "http://ann:hunter2@minio:9000/bucket?x"',
        "Path 'ws://ann:hunter2@h/g' does not exist",
        "ws://ann:hun/ter2@h/g and wss://ben:hunter2@h",
        '{"url":"ws:\\/\\/ann:hunter2@h"}',
        "redis+ssl://:hunter2@h",
        "ws:/ann:hunter2@h: cannot be read",  # as a path
    ],
)
def test_a_text_without_the_passwords_of_its_addresses(text: str) -> None:
    assert "ter2" not in without_passwords(text)


@pytest.mark.parametrize("text", ["ann@example.org", "ws://h/g", "a @ b", "http://h/a ann@b"])
def test_other_text_stays(text: str) -> None:
    assert without_passwords(text) == text
