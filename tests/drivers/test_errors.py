"""drivers/errors.py: one family, four ways to go wrong."""

from __future__ import annotations

import pytest

from drivers import errors


@pytest.mark.parametrize("kind", [errors.Lost, errors.Silent, errors.Protocol, errors.Fault])
def test_all_are_device_errors_and_none_is_another(kind: type[Exception]) -> None:
    assert kind.__mro__[1:3] == (errors.DeviceError, Exception)
