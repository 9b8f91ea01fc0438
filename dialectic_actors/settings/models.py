"""Models as people name them, and the providers that there are to reach them."""

from __future__ import annotations

from dialectic_actors.settings.roles import provider_names
from dialectic_actors.settings.suggestions import did_you_mean
from dialectic_events.errors import DialecticError, ExitCode
from dialectic_events.runs import Model

__all__ = ["DEFAULT_MODEL", "parse_model"]

DEFAULT_MODEL = Model(provider="openai", name="gpt-4")


def parse_model(text: str) -> Model:
    """The model that `provider/model` names; the provider alone will do for `rehearsal`.

    Raises DialecticError (exit 2) when there is no such provider or no model is named.
    """
    provider, _, name = text.strip().partition("/")
    if provider == "rehearsal" and not name:
        name = provider
    if provider not in provider_names():
        fix = did_you_mean(provider, provider_names())
        if not name:
            fix = f"write provider/model, for example openai/{provider or 'gpt-4'}"
        raise _usage(f"`{provider}` is not a provider", fix)
    name = name.strip()
    if not name or not name.isprintable():
        raise _usage(f"`{text}` names no model", f"write {provider}/ and the model's name")
    return Model(provider=provider, name=name)


def _usage(what: str, fix: str) -> DialecticError:
    return DialecticError(what, fix=fix, exit_code=ExitCode.USAGE)
