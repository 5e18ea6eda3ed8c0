"""The loyalty desk's pages: each turns a request into one action or query."""
