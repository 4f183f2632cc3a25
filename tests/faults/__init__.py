"""The simulator: the real client over real sockets against the sandbox, with faults, actors and kills chosen by a seed.

    python -m tests.faults --seeds 3000      the long form: every scenario, every broken client, every kill point; one table

A seed is a scenario: each fault is chosen by a hash of (seed, method, route, number, attempt), each act of the dialer and of a
person by a hash of what it follows, and time is the loop's own (clockwork), so nothing depends on how fast the machine is.
What went wrong is judged from the server's own log (invariants), never from what the client says of itself.

clockwork  a loop whose time jumps           keyed       hashes instead of a running generator
front      bytes between client and sandbox  mischief    what can go wrong with one request
profiles   which fault for which request     scenario    seed -> sheet, world, what is expected in the end
actors     dialer, person, rival             play        one scenario, from first run to the empty plan
witness    reads the journal at arrival      invariants  what must hold, whatever happened
broken     clients with one thing wrong      kills       SIGKILL at every request and every journal write
table      the numbers as Markdown           victim      the process that is killed
"""
