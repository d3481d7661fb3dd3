"""The tables: payments and how they changed, accounts and what moved on them."""

from __future__ import annotations

from django.db import models


class Account(models.Model):
    customer = models.CharField(max_length=128, unique=True)
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.customer


class Payment(models.Model):
    reference = models.CharField(max_length=128, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16, default="pending")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.reference


class PaymentTransition(models.Model):
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT)
    stripe_event = models.CharField(max_length=255)
    from_state = models.CharField(max_length=16)
    to_state = models.CharField(max_length=16)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.from_state} to {self.to_state}"


class CreditTransaction(models.Model):
    """One for each payment: that is what makes a second credit impossible."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    amount_minor = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.amount_minor}"


class LedgerEntry(models.Model):
    """A positive amount is a debit; the entries of one credit sum to zero."""

    credit = models.ForeignKey(CreditTransaction, on_delete=models.PROTECT)
    book = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return self.book
