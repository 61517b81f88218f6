"""The Celery application: how messages travel between the API, the workers and the reaper."""

from __future__ import annotations

from celery import Celery

from store.settings import Settings

TASK = "mlp.run_job"
QUEUE = "mlp"
# Of a message, as Kombu's Redis transport numbers them: a list of its own for each, and the lowest one is read first.
INTERACTIVE, TRIAL = 0, 9
TRIALS_QUEUE = f"{QUEUE}\x06\x16{TRIAL}"  # as Kombu names that list


def make_app(settings: Settings) -> Celery:
    """A Celery application on the settings' broker; it connects to nothing yet.

    Messages are acknowledged before they are worked on and results are not kept: the job's row in the
    database says what became of it, and the reaper sends another message where one was lost.
    """
    app = Celery("mlp", broker=settings.broker_url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_acks_late=False,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_serializer="json",
        accept_content=["json"],
        broker_transport_options={
            "socket_connect_timeout": 5.0,
            "socket_timeout": 10.0,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a worker outlives any outage of its broker
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_concurrency=settings.resolved_worker_processes,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,  # a message waits in the broker, where any free worker can take it
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=60.0,
        # A killed child keeps its place taken for this long; nobody waits for its result.
        worker_lost_wait=0.5,
    )
    return app
