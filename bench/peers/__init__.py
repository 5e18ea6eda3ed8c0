"""Our pages for complaints beside those of django-helpdesk, on one machine and one PostgreSQL.

Both sides hold 50,000 cases of the same texts, 20,000 of them open. The peer lives in an environment of its own, which
`make bench` installs.
"""

from bench.stories import vocabulary

COUNT, OPEN, RUNS = 50_000, 20_000, 10
WORD = vocabulary()[300]  # looked for on both sides


def main() -> None:
    from bench.peers import ours  # the peer opens this package too, and has none of the desk's

    ours.main()
