import pytest

from simulator.play.effects import ALL_EFFECTS, Effects


def test_all_are_on_by_default_and_each_can_be_switched_off() -> None:
    assert ALL_EFFECTS.on == Effects.names()
    assert Effects.none().on == ()
    for name in Effects.names():
        assert name not in ALL_EFFECTS.without(name).on
        assert len(ALL_EFFECTS.without(name).on) == len(Effects.names()) - 1


def test_an_unknown_effect_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"effect 'luck': must be one of goal, .*recall"):
        ALL_EFFECTS.without("goal", "luck")
