"""What nobody has written down about an experiment, while there is still somebody to ask."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from operando.cli.report import progress
from operando.endstation import Register, Root

if TYPE_CHECKING:
    from operando.config import Endstation


def missing_facts(config: "Endstation") -> dict[str, list[str]]:
    """Return what runs are refused for, what else others would want to know, and what is unlikely."""
    from operando.config.interlocks import scale_doubts, unguarded
    from operando.config.plausibility import doubts
    from operando.config.programme import programme_doubts
    from operando.config.reusable import missing_further, missing_stack_pressure

    unlikely = (doubt for it in config.compiled_programmes().values() for doubt in programme_doubts(it))
    refused = [] if config.cell.no_stack_pressure_reason else missing_stack_pressure(config)
    return {
        "runs_refused_for": [str(fact) for fact in refused],
        "not_said": [str(fact) for fact in missing_further(config)],
        "doubtful": [
            *doubts(config.cell),
            *unguarded(config),
            *scale_doubts(config),
            *unlikely,
            *_never_judged(config),
        ],
    }


def _never_judged(config: "Endstation") -> list[str]:
    """Return limits of the quality of frames that can raise no alarm, and why."""
    from operando.config import load_recipe
    from operando.errors import ConfigurationError
    from operando.vocabulary import as_counted

    lacking: dict[str, tuple[object, str]] = {
        "beam_off_below_per_s": (config.detector.monitor_attribute, "[detector] has no monitor_attribute"),
        "beam_off_below_mA": (config.detector.ring_current_attribute, "[detector] has no ring_current_attribute"),
    }
    with suppress(ConfigurationError):  # a recipe that cannot be read is refused where it is used
        recipe = as_counted(load_recipe(config.beside(config.integration.recipe)), config.detector.family)
        lacking |= {
            "spottiness_above": (recipe.error_model, "the recipe has no error_model"),
            "saturated_pixels_above": (recipe.saturation, "the recipe has no saturation"),
        }
    return [
        f"[quality] {key} = {getattr(config.quality, key):g} is never reached: {why}"
        for key, (there, why) in lacking.items()
        if getattr(config.quality, key) is not None and there is None
    ]


def say_what_runs_are_refused_for(place: Root) -> None:
    """Say on standard error why the running endstation would refuse a run; nothing where it would not."""
    from operando.config import load
    from operando.errors import ConfigurationError

    configuration = Register(place).read().get("configuration")
    if configuration is None:
        return
    try:
        missing = missing_facts(load(Path(configuration)))["runs_refused_for"]
    except ConfigurationError as error:
        progress(f"the configuration has changed since, and is not valid now: {error}")
        return
    if missing:
        progress(f"runs are refused unless somebody says why ({configuration}): missing {', '.join(missing)}")
