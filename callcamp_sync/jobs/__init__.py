"""Jobs: what `callcamp.toml` says is to be done, done many at a time, told, and printed for schedulers. Knows the pipeline.

In:  `callcamp.toml`, settings, a clock, the history. Out: a Night: one JobResult a job, one report over all, one exit code.
document: the file · schedules: cron text · inbox: what arrived · work: one job, from plain values to plain values · shift: all of
them · news: who is told what · listing: what stands · forms: the same schedule for cron, systemd and others.
"""
