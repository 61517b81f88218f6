"""Where jobs, datasets and model versions are kept: SQLAlchemy rows, dataset files.

Functions here are verbs that take the session first; the caller owns the transaction
(`store.database.Database.read` or `.write`). Nothing here knows Flask or Celery.
"""
