"""What goes to a server beside the words."""

from dialectic_actors.llm.endpoint import Endpoint
from dialectic_actors.llm.openai_dialect import Found, OpenAIDialect
from support.asks import an_ask, endings_of
from support.loopback import serving


def test_the_providers_file_has_the_last_word_on_headers() -> None:
    """Whatever the case of their names, each header is sent once."""
    said = {"Accept-Encoding": "gzip", "X-T": "1", "x-t": "2", "user-agent": "mine"}
    with serving() as server:
        endpoint = Endpoint(base_url=server.url, key="k", headers=said)
        endings_of(OpenAIDialect(endpoint, found=Found()), [an_ask()])
        (entry,) = server.ledger.requests

    sent = [line.lower().partition(":")[::2] for line in entry.head.split("\r\n")[1:] if line]
    names = [name for name, _ in sent]
    values = {name: value.strip() for name, value in sent}
    assert len(names) == len(set(names))
    assert ("gzip", "2", "mine") == tuple(
        values[name] for name in ("accept-encoding", "x-t", "user-agent")
    )
