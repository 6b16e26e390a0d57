"""What the log says of a failure that nobody foresaw: where it came from, never what it said."""

import json

import pytest
import structlog

SECRET = "o CPF do senhor Fulano"


def read() -> None:
    try:
        {SECRET: 1}.pop(SECRET + "!")
    except KeyError as error:
        raise ValueError(SECRET) from error


def test_an_exception_is_logged_by_its_kind_and_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        read()
    except ValueError:
        structlog.get_logger().exception("quebrou", job="7")
    printed = capsys.readouterr().err
    assert SECRET not in printed
    event = json.loads(printed)
    assert (event["event"], event["level"], event["job"]) == ("quebrou", "error", "7")
    assert [each["type"] for each in event["exception"]] == ["builtins.ValueError", "builtins.KeyError"]
    assert all("test_logs.py" in each["where"][-1] for each in event["exception"])


def test_an_event_without_an_exception_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("aviso")
    assert "exception" not in json.loads(capsys.readouterr().err)
