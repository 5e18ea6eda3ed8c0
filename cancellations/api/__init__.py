"""API v1 of the cancellation desk: the same actions as the pages, the same refusals."""
