"""Faults read aloud well."""

from __future__ import annotations

import pytest

from config.faults import ConfigInvalid, Fault, nearest


def test_a_fault_names_file_path_problem_and_hint() -> None:
    fault = Fault("/etc/g.toml", "lanes[2].scanner.port", "70000 is not allowed", "allowed: 1 to 9")
    told = "/etc/g.toml: lanes[2].scanner.port: 70000 is not allowed (allowed: 1 to 9)"
    assert str(fault) == told
    assert str(Fault("/etc/g.toml", "", "does not exist")) == "/etc/g.toml: does not exist"


def test_the_error_carries_all_faults_and_the_exit_code() -> None:
    error = ConfigInvalid([Fault("a", "", "x"), Fault("b", "", "y")])
    assert (str(error), error.exit_code, len(error.faults)) == ("a: x\nb: y", 78, 2)
    with pytest.raises(AssertionError):
        ConfigInvalid([])


def test_the_nearest_word_is_offered_else_all() -> None:
    assert nearest("prot", ["port", "host"]) == "did you mean port?"
    assert nearest("zzz", ["port", "host"]) == "known here: port, host"
    assert nearest("zzz", []) == "nothing may stand here"
