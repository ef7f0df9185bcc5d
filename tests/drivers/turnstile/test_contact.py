"""drivers/turnstile/contact.py: a contact counts when it stays."""

from __future__ import annotations

from drivers.turnstile.contact import Contact


def edges(contact: Contact, samples: list[tuple[float, bool]]) -> list[tuple[float, bool]]:
    return [(now, closed) for now, closed in samples if contact.sample(closed, now)]


def test_a_contact_that_stays_is_one_edge() -> None:
    contact = Contact(0.03)
    samples = [(0.0, False), (0.04, True), (0.08, True), (0.12, True), (0.16, False), (0.2, False)]
    assert edges(contact, samples) == [(0.08, True), (0.2, False)]


def test_bouncing_is_no_edge() -> None:
    contact = Contact(0.03)
    samples = [(at / 100, bool(at % 2)) for at in range(20)]
    assert edges(contact, samples) == []


def test_pending_is_told_while_a_change_is_not_believed_yet() -> None:
    contact = Contact(0.03)
    contact.sample(True, 0.0)
    assert (contact.pending, contact.closed) == (True, False)
    contact.sample(True, 0.05)
    assert (contact.pending, contact.closed, contact.closed_since) == (False, True, 0.05)


def test_zero_believes_each_sample_and_settle_makes_no_edge() -> None:
    contact = Contact(0.0)
    contact.settle(True, 1.0)
    assert edges(contact, [(1.0, True), (1.1, False), (1.2, True)]) == [(1.1, False), (1.2, True)]
