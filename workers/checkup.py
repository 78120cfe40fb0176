"""What the doctor says of a broker elsewhere: nothing depends on it but how soon work begins."""

import asyncio

from dramatiq.errors import BrokerConnectionError

from domain.doctor import Finding, Verdict
from domain.settings import BadSetting, Settings
from workers.outside import Forgetful, outside_broker


async def broker_finding(settings: Settings) -> Finding:
    """Of these settings, which name one."""
    subject = "broker"
    try:
        broker = outside_broker(settings, [])
        await asyncio.to_thread(_reach, broker)
    except BadSetting as error:
        return Finding(Verdict.ILL, subject, error.message)
    except BrokerConnectionError as error:
        return Finding(Verdict.ILL, subject, str(error))
    return Finding(Verdict.WELL, subject, "lets webref in")


def _reach(broker: Forgetful) -> None:
    """In a thread that has a connection of its own."""
    try:
        broker.reach()
    finally:
        broker.close()
