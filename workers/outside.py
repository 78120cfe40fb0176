"""Brokers elsewhere, Dramatiq's own for Redis and RabbitMQ: they may be away, and it is said in words why."""

import importlib
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from dramatiq import Broker, Consumer, Message
from dramatiq.common import q_name
from dramatiq.errors import ConnectionFailed
from dramatiq.middleware import Middleware

from domain.jobs import PICTURES
from domain.settings import BadSetting, Settings

NO_ADDRESS = (
    "WEBREF_BROKER_URL is no address of such a broker. It is scheme://user:password@host:port/name, "
    "in which signs such as / : @ of a password are written as %2F %3A %40."
)
CORRECT_IT = "Correct WEBREF_BROKER_URL and restart webref"


def outside_broker(settings: Settings, layers: list[Middleware]) -> "Forgetful":
    """Its client library is an extra. Raises BadSetting without it, and where it is no address of one."""
    is_amqp = urlsplit(settings.broker_url or "").scheme in ("amqp", "amqps")
    kind = "rabbitmq" if is_amqp else "redis"
    try:
        module = importlib.import_module(f"dramatiq.brokers.{kind}")
    except ImportError as error:
        raise BadSetting(
            f"WEBREF_BROKER_URL names a broker without its client here: pip install 'dramatiq[{kind}]'.",
            variable="WEBREF_BROKER_URL",
        ) from error
    context = _trusting(settings)
    try:
        return (_rabbitmq if is_amqp else _redis)(module, settings, layers, context)
    except (ValueError, TypeError, SyntaxError, OSError):  # their words may quote a part of the password
        raise BadSetting(NO_ADDRESS, variable="WEBREF_BROKER_URL") from None


def _redis(
    module: Any, settings: Settings, layers: list[Middleware], context: ssl.SSLContext | None
) -> "Forgetful":
    trusted = {} if context is None else {"ssl_ca_certs": str(settings.broker_ca)}
    client = importlib.import_module("redis").Redis.from_url(settings.broker_url, **trusted)
    own = {"ask": lambda broker: broker.client.ping(), "connects_late": True}
    made = type("RedisBroker", (Forgetful, module.RedisBroker), own)
    return cast(Forgetful, made(client=client, middleware=layers))


def _rabbitmq(
    module: Any, settings: Settings, layers: list[Middleware], context: ssl.SSLContext | None
) -> "Forgetful":
    made = type("RabbitmqBroker", (Forgetful, module.RabbitmqBroker), {"ask": _declare})
    broker = made(url=settings.broker_url, middleware=layers, confirm_delivery=True)
    if context is not None:
        several = broker.parameters if isinstance(broker.parameters, list) else [broker.parameters]
        for one in several:
            one.ssl_options = importlib.import_module("pika").SSLOptions(context)
    return cast(Forgetful, broker)


def _declare(broker: Any) -> None:
    """With a connection of now, what every hint needs."""
    del broker.connection
    broker.queues_pending.add(PICTURES)
    broker.declare_queue(PICTURES, ensure=True)


def _trusting(settings: Settings) -> ssl.SSLContext | None:
    """None: whom the system trusts. Raises BadSetting."""
    if settings.broker_ca is None:
        return None
    try:
        return ssl.create_default_context(cafile=settings.broker_ca)
    except OSError as error:  # of a certificate, too
        raise BadSetting(
            f"WEBREF_BROKER_CA={settings.broker_ca} holds no certificate: {error.strerror or error}. "
            "Name the file (PEM) with that of who signed the broker's.",
            variable="WEBREF_BROKER_CA",
        ) from error


class Forgetful(Broker):
    """Over a broker elsewhere, which may come back without what it carried, its queues among that.

    when_lost is called, by a thread, when a consumer begins anew: what was on its way may be lost.
    ask: one question that a broker answers only to whom it lets in. connects_late: a new consumer did not.
    """

    connects_late = False

    when_lost: Callable[[], object] = staticmethod(lambda: None)
    ask: Callable[[], object]

    def reach(self) -> None:
        """Raises BrokerConnectionError, in words, where it cannot be used. Blocks."""
        with _in_words():
            self.ask()

    def consume(self, queue_name: str, *args: Any, **named: Any) -> Consumer:
        begun = self.__dict__.setdefault("begun", set())
        if queue_name in begun:
            self.__dict__.get("queues_pending", set()).add(q_name(queue_name))  # RabbitMQ: declared again
            self.when_lost()
        begun.add(queue_name)
        if self.connects_late:
            self.reach()
        with _in_words():
            return super().consume(queue_name, *args, **named)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Raises BrokerConnectionError, whatever word its client has for it."""
        with _in_words():
            return super().enqueue(message, delay=delay)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise ConnectionFailed(why(error)) from error  # type: ignore[no-untyped-call]


def why(error: BaseException) -> str:
    """What is wrong and what to do, of which nothing is of the address: a part of it is a secret."""
    told = list(_behind(error))
    for each in told:
        kinds = {kind.__name__ for kind in type(each).__mro__}
        for names, words in _WORDS.items():
            if kinds & set(names):
                return f"{words}."
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"{_OTHER_NAME if each.verify_code in _NAMES else _UNTRUSTED}."
        if isinstance(each, ssl.SSLError):
            return f"{_NO_TLS}."
        if "ChannelClosedByBroker" in kinds:
            return f"{_REFUSED.get(getattr(each, 'reply_code', 0), _LOST)}."
        if "ResponseError" in kinds and "DB index" in str(each):
            return f"It has no database of that number. {CORRECT_IT}."
        if isinstance(each, TypeError):
            return f"An option behind the ? of its address is none. {CORRECT_IT}."
    reason = next((each.strerror for each in told if isinstance(each, OSError) and each.strerror), None)
    if reason is None and any("Timeout" in type(each).__name__ for each in told):
        reason = "No answer in time; is it the right port, with TLS or without?"
    return f"It does not answer ({reason or type(told[-1]).__name__}). webref goes on trying."


_NOT_LET_IN = (
    "It does not let in this user with this password, in which signs such as / : @ are written as %2F %3A %40"
)
_WORDS = {
    ("AuthenticationError", "AuthenticationWrongNumberOfArgsError"): f"{_NOT_LET_IN}. {CORRECT_IT}",
    ("ProbableAuthenticationError",): (
        f"{_NOT_LET_IN}; `guest` may come from its own machine only. {CORRECT_IT}"
    ),
    ("ProbableAccessDeniedError",): (
        "It has no such vhost, or this user may not use it. Make it (`rabbitmqctl add_vhost`, "
        f"`rabbitmqctl set_permissions`), or: {CORRECT_IT}; %2F at its end is the vhost /"
    ),
    ("NoPermissionError",): "This user may not do there what is needed. Let them use all commands and keys",
    ("IncompatibleProtocolError",): (
        "No AMQP is spoken there. Name its port, or where that is one for TLS begin with amqps://: "
        f"{CORRECT_IT}"
    ),
}
_REFUSED = {
    403: (
        "This user may not do there what is needed. Let them configure, write and read "
        "(`rabbitmqctl set_permissions`)"
    ),
    406: "Its queues are of other properties. Name a vhost that only this webref uses, or delete them",
}
_LOST = "It lost its queues; they are made again"
_NO_TLS = f"No TLS is spoken there. Name its port for TLS, or begin with redis:// or amqp://: {CORRECT_IT}"
_UNTRUSTED = (
    "Its certificate is of nobody who is trusted here, or is over. Name the file with the certificate of "
    "who signed it as WEBREF_BROKER_CA and restart webref"
)
_OTHER_NAME = f"Its certificate is for another name. Use one that stands in it: {CORRECT_IT}"
_NAMES = (62, 64)
"""OpenSSL's numbers for a host and for an address that do not stand in a certificate."""


def _behind(error: BaseException) -> Iterator[BaseException]:
    """It and what it came of, as causes or as what it carries, the outermost first."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            yield each
            carried = getattr(each, "exceptions", ()) or ()
            waiting += [
                *each.args,
                *carried,
                getattr(each, "exception", None),
                each.__cause__,
                each.__context__,
            ]


def keep_clients_quiet(broker: Broker) -> None:
    """That it is away is said once, in words, by who feeds it; not by every consumer every three seconds."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    for queue in broker.get_declared_queues() | broker.get_declared_delay_queues():
        consumer = logging.getLogger(f"dramatiq.worker.ConsumerThread({queue})")
        if _is_news not in consumer.filters:
            consumer.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(("Consumer encountered a connection error", "Restarting consumer"))
