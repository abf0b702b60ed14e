"""The commands as a person types them."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from huleedu.main import app


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """With an empty data folder."""
    monkeypatch.setenv("HULEEDU_DATA_DIR", str(tmp_path))
    return CliRunner()


@pytest.mark.parametrize(
    "command",
    [
        ["run", "."],
        ["status", "b"],
        ["results", "b"],
        ["cancel", "b"],
        ["pause", "--all"],
        ["resume", "--owner", "anna"],
        ["retry", "b", "spellcheck"],
        ["retry", "--failed"],
        ["timeline", "b"],
        ["stuck"],
    ],
)
def test_without_a_platform_it_says_how_to_start_one(cli: CliRunner, command: list[str]) -> None:
    result = cli.invoke(app, command)

    assert result.exit_code == 1
    assert re.search("Start it with `.*huleedu up`", result.output)


@pytest.mark.parametrize("command", ["demo", "run"])
def test_a_folder_that_is_none_is_refused_before_anything_starts(cli: CliRunner, tmp_path: Path, command: str) -> None:
    (tmp_path / "essay.txt").touch()

    assert "does not exist" in cli.invoke(app, [command, str(tmp_path / "nowhere")]).output
    assert "is a file" in cli.invoke(app, [command, str(tmp_path / "essay.txt")]).output


def test_a_backup_into_no_folder_is_refused_before_anything_starts(cli: CliRunner, tmp_path: Path) -> None:
    assert "There is no folder" in cli.invoke(app, ["backup", str(tmp_path / "nowhere" / "file")]).output


def test_the_doctor_names_what_is_missing_and_the_cure(cli: CliRunner) -> None:
    result = cli.invoke(app, ["doctor"])

    assert result.exit_code == 1
    assert "lexicon en: missing" in result.output
    assert re.search("Start it: `.*huleedu up`", result.output)


def test_an_unknown_service_is_named_with_those_there_are(cli: CliRunner) -> None:
    result = cli.invoke(app, ["serve", "nonsense"])

    assert result.exit_code == 1
    assert "batch_orchestrator_service" in result.output


def test_history_of_an_unknown_service_is_refused_too(cli: CliRunner) -> None:
    result = cli.invoke(app, ["migrate", "history", "nonsense"])

    assert (result.exit_code, "There is no service 'nonsense'" in result.output) == (1, True)


@pytest.mark.parametrize("words", [["nlp"], ["content_service", "Say who"]])
def test_a_migration_that_cannot_be_written_is_refused(cli: CliRunner, words: list[str]) -> None:
    result = cli.invoke(app, ["migrate", "revision", *words])

    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1


def test_replaying_wants_to_know_what(cli: CliRunner) -> None:
    result = cli.invoke(app, ["dead-letters", "replay"])

    assert (result.exit_code, "--all" in result.output) == (1, True)


def test_history_shows_every_services_chain(cli: CliRunner) -> None:
    result = cli.invoke(app, ["migrate", "history"])

    assert result.exit_code == 0
    assert "result_aggregator_service" in result.output
