"""The desk's shared pages: home, approvals, reports, the search field, one's own settings."""
