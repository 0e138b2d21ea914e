"""What the keywords of a run say about sample, cell, beam and people, over what the configuration says.

``RE(plan(), sample="NMC-43", operator="A. Meier")``, the ``md`` of a plan, and ``RE.md`` all end up here. A table given
in part is laid over the configured one key by key; another sample or proposal takes nothing from the configured one.
``operando.configuration`` in the start document stays what its text says.
"""

from collections.abc import Mapping
from typing import Any

from operando.config import Endstation
from operando.config._model import Table
from operando.config.beam import Beam
from operando.config.cell import Cell
from operando.config.load import validate
from operando.config.people import Person, Proposal
from operando.config.plausibility import contradiction
from operando.config.reusable import missing_stack_pressure
from operando.config.sample import Sample
from operando.errors import ConfigurationError, RunRefused

TABLES: Mapping[str, tuple[type[Table], str]] = {
    "sample": (Sample, "name"),
    "cell": (Cell, ""),
    "beam": (Beam, ""),
    "proposal": (Proposal, "identifier"),
}
"""Table that a run may change → its model, and the key that stands for it: a text alone is its value."""
ACTED_ON = ("electrode_diameter_mm", "electrode_diameter_uncertainty_mm", "counter_electrode_potential_V")
"""Keys of ``[cell]`` that the services compute pressures and cut-offs with: no keyword changes those."""
OPERATOR = "operator"
LEFT_ALONE = "no run is opened; pressure, temperature and cell are left as they are"


def described(config: Endstation) -> dict[str, Any]:
    """Return the tables that a run may change, as plain values; what nobody gave is absent."""
    tables = {name: getattr(config, name) for name in TABLES}
    found: dict[str, Any] = {name: _plain(table) for name, table in tables.items() if table is not None}
    if config.people:
        found["people"] = [_plain(person) for person in config.people]
    return found


class RunKeywords:
    """Judges and completes the metadata of a run when it is opened: a RunEngine's ``md_validator``, ``md_normalizer``.

    Parameters
    ----------
    config : Endstation
        What holds where a run says nothing.
    """

    def __init__(self, config: Endstation) -> None:
        self._config = config

    def validate(self, metadata: Mapping[str, Any]) -> None:
        """Refuse a run that nobody could use later, or that says what cannot be.

        Raises
        ------
        RunRefused
            Names what is missing or wrong, where it belongs, and how to say why it is not known.
        """
        config = self._laid_over(metadata)
        if complaint := contradiction(config.beam, str(metadata.get("operando", {}).get("poni", ""))):
            raise RunRefused(f"{complaint}; {LEFT_ALONE}")
        self._refuse_without_stack_pressure(config)

    def normalize(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metadata with every table as it holds for this run."""
        return {**metadata, **described(self._laid_over(metadata))}

    def _laid_over(self, metadata: Mapping[str, Any]) -> Endstation:
        """Return the configuration as it holds for this run."""
        try:
            tables = {name: self._table(name, _given(metadata, name)) for name in TABLES}
            return self._config.model_copy(update={**tables, "people": self._people(metadata)})
        except ConfigurationError as error:
            raise RunRefused(f"{error}; {LEFT_ALONE}") from error

    def _table(self, name: str, given: Any) -> Any:
        configured = getattr(self._config, name)
        if given is None:
            return configured
        model, key = TABLES[name]
        facts = {key: given} if isinstance(given, str) and key else given
        if not isinstance(facts, Mapping):
            raise RunRefused(f"{name} = {given!r}: a table of keys and values is wanted; {LEFT_ALONE}")
        if name == "cell":
            self._refuse_to_change_what_is_acted_on(facts)
        base = configured.model_dump(exclude_none=True) if configured is not None else {}
        if key in facts and facts[key] != base.get(key):
            base = {}
        return validate(f"keyword {name} of this run", {**base, **facts}, model)

    def _refuse_to_change_what_is_acted_on(self, facts: Mapping[str, Any]) -> None:
        for key in ACTED_ON:
            acted_on = getattr(self._config.cell, key)
            if facts.get(key, acted_on) != acted_on:
                raise RunRefused(
                    f"cell: {key} = {facts[key]!r} of this run, but pressure and cut-offs are computed with {acted_on} "
                    f"({self._config.file}: [cell] {key}); change it there and start the endstation anew; {LEFT_ALONE}"
                )

    def _people(self, metadata: Mapping[str, Any]) -> list[Person]:
        people = [_person("people", each) for each in metadata.get("people", map(_plain, self._config.people))]
        if OPERATOR not in metadata:
            return people
        given = metadata[OPERATOR]
        operators = [_person(OPERATOR, each) for each in (given if isinstance(given, list | tuple) else [given])]
        return _operated_by(operators, people)

    def _refuse_without_stack_pressure(self, config: Endstation) -> None:
        missing = missing_stack_pressure(config)
        if not missing or config.cell.no_stack_pressure_reason:
            return
        raise RunRefused(
            "nothing says where the stack pressure of this run comes from: missing "
            f"{', '.join(map(str, missing))}. Write that into {config.file} and start the endstation anew ([cell] also "
            'RE(…, cell={"key": value})), or say why it is not known: RE(…, no_stack_pressure="why"), or [cell] '
            f"no_stack_pressure_reason; {LEFT_ALONE}"
        )


def _operated_by(operators: list[Person], people: list[Person]) -> list[Person]:
    """Return the people with those who operate now; who was configured as one, and is not named, does not."""
    known = {person.name: person for person in people}
    named = {person.name for person in operators}
    others = [person for person in people if person.name not in named and person.role != OPERATOR]
    return others + [_operator(person, known.get(person.name)) for person in operators]


def _operator(person: Person, known: Person | None) -> Person:
    """Return a person with what is known of them and the role of operator beside their own."""
    facts = {**(_plain(known) if known else {}), **_plain(person)}
    role = facts.get("role", OPERATOR)
    return Person(**{**facts, "role": role if OPERATOR in role else f"{role}, {OPERATOR}"})


def _given(metadata: Mapping[str, Any], table: str) -> Any:
    """Return what a run says of a table; why there is no stack pressure belongs to the cell."""
    given, reason = metadata.get(table), metadata.get("no_stack_pressure")
    if table == "cell" and reason is not None and isinstance(given, Mapping | None):
        return {**(given or {}), "no_stack_pressure_reason": reason}
    return given


def _person(keyword: str, given: Any) -> Person:
    facts = {"name": given} if isinstance(given, str) else given
    if not isinstance(facts, Mapping):
        raise RunRefused(f"{keyword} = {given!r}: a name, or a table with name, role, orcid is wanted; {LEFT_ALONE}")
    return validate(f"keyword {keyword} of this run", facts, Person)


def _plain(table: Table) -> dict[str, Any]:
    return table.model_dump(mode="json", exclude_none=True)
