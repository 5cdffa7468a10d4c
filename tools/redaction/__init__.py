"""Redaction of secrets and personal data before anything leaves the log reader."""

from .redactor import Redactor

__all__ = ["Redactor"]
