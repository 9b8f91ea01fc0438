"""The command `debate`, run as a stranger runs it, against a server that counts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from support.ledgers import log_of, tokens
from support.loopback import Dialect, Fault, serving
from support.program import command, dialectic, environment

PROBLEM = "Design a cache that must survive a restart"
CALLS = 8
"""Of two agents in one round, with a judge who is given a summary."""
SMALL = ("-a", "architect,kiss", "-r", "1")


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_a_debate_prints_its_solution_and_nothing_else(dialect: Dialect, tmp_path: Path) -> None:
    """Stdout is the judge's answer, stderr is talk, and the log counts what the server counted."""
    with serving(dialect=dialect) as server:
        ended = dialectic(tmp_path, "debate", PROBLEM, *SMALL, url=server.url)
        billed = server.ledger.answered

    assert 0 == ended.code, ended.err
    with log_of(tmp_path) as store:
        outcome = store["@"]
        assert ended.out == f"{outcome.solution}\n"
        assert CALLS == outcome.calls == len(billed)
        assert (
            sum(entry.input_tokens for entry in billed),
            sum(entry.output_tokens for entry in billed),
        ) == tokens(outcome.run)
    assert f"dialectic show {outcome.ref}" == ended.err.splitlines()[-1].partition(": ")[2]


def test_a_debate_leaves_its_state_beside_the_log(tmp_path: Path) -> None:
    """`debates/<id>.json` has the keys that readers of the older tool expect."""
    ended = dialectic(tmp_path, "debate", PROBLEM, *SMALL, "--offline", network=False)

    assert 0 == ended.code, ended.err
    (path,) = (tmp_path / "debates").glob("*.json")
    state = json.loads(path.read_text(encoding="utf-8"))
    assert (path.stem, PROBLEM, "completed", 1) == (
        state["id"],
        state["problem"],
        state["status"],
        state["currentRound"],
    )
    kinds = [each["type"] for each in state["rounds"][0]["contributions"]]
    assert ["critique", "critique", "proposal", "proposal", "refinement", "refinement"] == sorted(
        kinds
    )
    assert f"{state['finalSolution']['description']}\n" == ended.out


def test_a_rehearsal_needs_no_key_and_no_network(tmp_path: Path) -> None:
    """The first run of a stranger works where every connection is refused."""
    ended = dialectic(tmp_path, "debate", PROBLEM, "--offline", network=False)

    assert (0, "*Rehearsal: no model was used.*") == (ended.code, ended.out[:31])


@pytest.mark.parametrize("name", ["solution.md", "STATE.JSON"])
def test_the_output_option_writes_a_file_instead(name: str, tmp_path: Path) -> None:
    """A name that ends in .json gets the whole state, any other the solution."""
    ended = dialectic(tmp_path, "debate", PROBLEM, *SMALL, "--offline", "-o", name)

    written = (tmp_path / name).read_text(encoding="utf-8")
    with log_of(tmp_path) as store:
        outcome = store["@"]
        assert (0, "") == (ended.code, ended.out)
        if name.endswith("md"):
            assert f"{outcome.solution}\n" == written
        else:
            assert outcome.ref == json.loads(written)["id"]


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """`-o` into a pipe or device leaves it what it is."""
    ended = dialectic(tmp_path, "debate", PROBLEM, *SMALL, "--offline", "-o", "/dev/null")

    assert 0 == ended.code, ended.err
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("source", ["problem.md", "-"])
def test_the_problem_comes_from_a_file_or_from_standard_input(source: str, tmp_path: Path) -> None:
    """A problem in a file is used as it stands, blanks included."""
    text = f"  {PROBLEM}\n\nwith a second paragraph\n"
    (tmp_path / "problem.md").write_text(text, encoding="utf-8")

    ended = dialectic(
        tmp_path, "debate", "-p", source, *SMALL, "--offline", stdin=text.encode(), network=False
    )

    assert 0 == ended.code, ended.err
    with log_of(tmp_path) as store:
        opened = store["@"].run.opened
        assert opened is not None
        assert text == opened.problem


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_configuration_chooses_agents_rounds_and_models(kind: str, tmp_path: Path) -> None:
    """What the file says is what the server is asked."""
    agents = [
        {"id": name, "name": name, "role": role, "model": f"m-{name}", "provider": "openai"}
        for name, role in (("ada", "architect"), ("sam", "security"))
    ]
    judge = {"id": "jo", "name": "jo", "role": "generalist", "model": "m-jo", "provider": "openai"}
    config = {"agents": agents, "judge": judge, "debate": {"rounds": 1}}
    # JSON is YAML.
    (tmp_path / f"c.{kind}").write_text(json.dumps(config), encoding="utf-8")

    with serving() as server:
        ended = dialectic(tmp_path, "debate", PROBLEM, "-c", f"c.{kind}", url=server.url)
        models = sorted(entry.model for entry in server.ledger.answered)

    assert 0 == ended.code, ended.err
    assert ["m-ada"] * 3 + ["m-jo"] * 2 + ["m-sam"] * 3 == models


def test_one_model_may_serve_everybody(tmp_path: Path) -> None:
    """`--model` overrides what agents and judge would have asked."""
    with serving() as server:
        dialectic(tmp_path, "debate", PROBLEM, *SMALL, "-m", "openai/tiny", url=server.url)
        models = {entry.model for entry in server.ledger.answered}

    assert {"tiny"} == models


def test_keys_are_read_from_the_environment_file(tmp_path: Path) -> None:
    """`-e` names the file that holds key and address; the key is used and never shown."""
    with serving() as server:
        (tmp_path / "keys").write_text(
            f"OPENAI_API_KEY=sk-from-file\nOPENAI_BASE_URL={server.url}\n", encoding="utf-8"
        )
        ended = dialectic(tmp_path, "debate", PROBLEM, *SMALL, "-v", "-e", "keys")
        heads = [entry.head for entry in server.ledger.answered]

    assert 0 == ended.code, ended.err
    assert [True] * CALLS == ["sk-from-file" in head for head in heads]
    assert "sk-from-file" not in ended.out + ended.err


def test_verbose_says_every_event_and_who_spent_what(tmp_path: Path) -> None:
    """Each event of the log is a line, and each agent has a line of its own."""
    ended = dialectic(tmp_path, "debate", PROBLEM, *SMALL, "--offline", "-v")

    with log_of(tmp_path) as store:
        events = store.version("@")
    lines = ended.err.splitlines()
    assert events == sum(line.startswith("[") for line in lines)
    assert 3 == sum(" calls " in line and line.startswith("  ") for line in lines)


def test_options_may_come_from_the_environment(tmp_path: Path) -> None:
    """`DIALECTIC_DEBATE_ROUNDS` is `--rounds`, and the command line wins over it."""
    variables = {"DIALECTIC_DEBATE_ROUNDS": "2", "DIALECTIC_DEBATE_AGENTS": "architect,kiss"}
    asked = ("debate", PROBLEM, "--offline", "--json")

    two = dialectic(tmp_path, *asked, variables=variables)
    one = dialectic(tmp_path, *asked, "-r", "1", variables=variables)

    assert [13, CALLS] == [json.loads(each.out)["data"]["calls"] for each in (two, one)]


def test_the_log_may_be_elsewhere(tmp_path: Path) -> None:
    """`--store` is understood before and after the command, `DIALECTIC_STORE` too; next steps say
    it.
    """
    first = dialectic(tmp_path, "--store", "a b.db", "debate", PROBLEM, *SMALL, "--offline")
    after = dialectic(tmp_path, "ls", "--json", "--store", "a b.db")
    variable = dialectic(tmp_path, "ls", "--json", variables={"DIALECTIC_STORE": "a b.db"})

    assert first.err.endswith(" --store 'a b.db'\n")
    assert 1 == len(json.loads(after.out)["data"])
    assert after.out == variable.out
    assert not (tmp_path / "debates" / "log.db").exists()


def test_an_environment_file_does_not_move_the_log(tmp_path: Path) -> None:
    """Keys may come from `.env`; a log that only `debate` finds there would be lost to `ls`."""
    (tmp_path / ".env").write_text("DIALECTIC_STORE=elsewhere.db\n", encoding="utf-8")

    dialectic(tmp_path, "debate", PROBLEM, *SMALL, "--offline")

    assert 1 == len(json.loads(dialectic(tmp_path, "ls", "--json").out)["data"])


def test_a_missing_critique_makes_the_debate_partial(tmp_path: Path) -> None:
    """What one call cannot give is said, the rest is concluded, and the exit code is 1."""
    refused = Fault(status=400, contains="critique", times=1)
    with serving(faults=(refused,)) as server:
        ended = dialectic(tmp_path, "debate", PROBLEM, *SMALL, url=server.url)

    with log_of(tmp_path) as store:
        assert (1, "partial") == (ended.code, store["@"].status), ended.err
        assert ended.out == f"{store['@'].solution}\n"
    assert "who is missing and why" in ended.err


@pytest.mark.parametrize("status", [401, 402])
def test_a_refused_key_stops_the_debate_so_that_it_can_go_on(status: int, tmp_path: Path) -> None:
    """Exit 3, nothing lost: with a good key the same run is resumed to its end."""
    with serving(faults=(Fault(status=status, times=None),)) as server:
        stopped = dialectic(tmp_path, "debate", PROBLEM, *SMALL, url=server.url)
    last = stopped.err.splitlines()[-1]
    with serving() as server:
        ended = dialectic(tmp_path, *last.split()[1:], url=server.url)

    assert (3, "") == (stopped.code, stopped.out)
    assert "dialectic resume deb-" == last[:21]
    assert 0 == ended.code, ended.err
    assert ended.out


def piped(cwd: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in which `"$@"` is the command."""
    return subprocess.run(
        ["bash", "-c", script, "bash", *command(*arguments)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_reader_who_leaves_early_ends_no_debate(tmp_path: Path) -> None:
    """`2>&1 | head -1`: no complaint, and the debate is recorded to its end."""
    script = 'set -o pipefail; "$@" 2>&1 | head -1'

    ended = piped(tmp_path, script, "debate", PROBLEM, *SMALL, "--offline", "-v")

    assert (0, "", 1) == (ended.returncode, ended.stderr, len(ended.stdout.splitlines()))
    with log_of(tmp_path) as store:
        assert "concluded" == store["@"].status


@pytest.mark.parametrize("name", ["show", "log", "export", "replay", "ls", "--help"])
def test_output_that_nobody_reads_ends_quietly(name: str, tmp_path: Path) -> None:
    """A reader that closes its end at once is no error to speak of."""
    dialectic(tmp_path, "debate", PROBLEM, *SMALL, "--offline")

    ended = piped(tmp_path, '"$@" 2>errors | true; cat errors; echo "${PIPESTATUS[0]}"', name)

    assert "Traceback" not in ended.stdout
    assert "Broken" not in ended.stdout
    assert ended.stdout.splitlines()[-1] in ("0", "1")
