"""Reads a catalogue of pipelines from YAML."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batch_conductor_service.domain.pipelines import Catalogue, PhaseDefinition, WrongDefinition, catalogue
from common_core.enums import PhaseName


class _Phase(BaseModel):
    model_config = ConfigDict(extra="forbid")

    depends_on: frozenset[PhaseName] = frozenset()
    needs_prompt: bool = False


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    phases: dict[PhaseName, _Phase] = Field(min_length=1)
    pipelines: dict[str, list[PhaseName]] = Field(min_length=1)


class YamlCatalogueImpl:
    """See `CatalogueSourceProtocol`: a file, named in each complaint."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Catalogue:
        """See the protocol."""
        try:
            return _catalogue(_File.model_validate(yaml.safe_load(self._path.read_text(encoding="utf-8"))))
        except ValidationError as error:
            raise WrongDefinition(f"{self._path}: {_explanation(error)}") from None
        except WrongDefinition as error:
            raise type(error)(f"{self._path}: {error}") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise WrongDefinition(f"{self._path}: {error}") from None


def _catalogue(written: _File) -> Catalogue:
    phases = {name: PhaseDefinition(phase.depends_on, phase.needs_prompt) for name, phase in written.phases.items()}
    return catalogue(phases, written.pipelines)


def _explanation(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, wrong['loc'])) or 'the file'}: {wrong['msg']}"
        for wrong in error.errors(include_url=False, include_input=False)
    )
