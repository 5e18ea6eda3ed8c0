"""Undo instead of “are you sure?”: what was done is said in a toast that can take it back."""

from django.contrib import messages
from django.http import HttpRequest


def offer(request: HttpRequest, said: str, *, undo: str) -> None:
    """Say that it is done, with a button that posts to the address `undo`, which takes it back."""
    messages.success(request, said, extra_tags=undo)
