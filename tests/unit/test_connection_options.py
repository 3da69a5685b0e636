"""What every command refuses as an address or key before it asks a running system."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from ui.commands import main

COMMANDS = [
    ["season", "status"],
    ["keys", "list"],
    ["doctor"],
    ["loadtest"],
    ["explain", "m-1"],
    ["report", "sales"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("ftp://127.0.0.1", "k", "must begin with http:// or https://"),
        ("127.0.0.1:9", "k", "such as http://127.0.0.1:8080"),
        ("http://", "k", "name a host"),
        ("http://127.0.0.1:port", "k", "such as http://127.0.0.1:8080"),
        ("http://127.0.0.1:9", "schlüssel", "printable ASCII"),
        ("http://127.0.0.1:9", "two\nlines", "printable ASCII"),
    ],
)
def test_an_address_or_key_that_no_request_can_carry_is_bad_usage(
    words: list[str], url: str, key: str, said: str
) -> None:
    result = CliRunner().invoke(main, [*words, "--url", url, "--key", key])
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    if said == "printable ASCII":
        assert key not in result.stderr
