"""Where queued jobs are trained: a Celery worker, its heartbeat, and the reaper.

A broker message only says "look at job N"; the database row is the truth (`docs/job-protocol.md`).
"""
