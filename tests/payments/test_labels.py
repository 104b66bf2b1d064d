import pytest

from chalicelib.payments.labels import Label, derive
from chalicelib.payments.statuses import Status
from chalicelib.payments.totals import Totals

DUE, TOLERATED = 1000, 995


def labels_of(status, told=(), **totals):
    return derive(status, Totals(**totals), DUE, TOLERATED, told)


@pytest.mark.parametrize("status", [Status.PARTIALLY_PAID, Status.PARTIALLY_COMPLETED])
def test_less_than_due_is_underpaid(status):
    assert labels_of(status, counted_units=1) == (Label.UNDERPAID,)
    assert labels_of(status) == ()


def test_late_money_that_confirms_leaves_an_underpaid_payment_underpaid():
    assert labels_of(Status.PARTIALLY_COMPLETED, counted_units=1100) == (Label.UNDERPAID,)


@pytest.mark.parametrize("counted", [995, 999, 1000, 1005])
def test_within_the_tolerance_nothing_is_said(counted):
    assert labels_of(Status.CONFIRMING, counted_units=counted) == ()


def test_above_the_tolerance_is_overpaid():
    assert labels_of(Status.COMPLETED, counted_units=1006) == (Label.OVERPAID,)


def test_late_and_several_deposits_are_said():
    assert labels_of(Status.EXPIRED, late=1) == (Label.LATE,)
    assert labels_of(Status.COMPLETED, counted_units=1000, counting=2) == (Label.MULTIPLE,)
    assert labels_of(Status.COMPLETED, counted_units=1000, counting=1) == ()


def test_what_happened_once_stays_told_and_the_rest_does_not():
    told = tuple(reversed(Label))
    assert labels_of(Status.WAITING, told) == (Label.REORGED, Label.REVERSED, Label.WRONG_CURRENCY)
