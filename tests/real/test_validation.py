"""The validation table on public data: what is reached stays reached."""

import pytest

from loadtests.bench import validation
from loadtests.bench._public_data import cdnow
from simulator.fit.purchase_process import fit_purchases


@pytest.mark.long
def test_a_fitted_panel_foretells_the_second_half_of_the_year() -> None:
    whole, held = validation.fuel_judged("panel")
    assert whole.litres.value <= 0.03
    assert held.judged.cohort == 924
    assert held.judged.visits.value <= 0.06
    assert held.judged.intervals.value <= 0.07
    # Aimed at 0.04, which is reached on the year. Fills grew by 4 % in the second half, of which
    # the price explains a third: the first half's own fills are 0.050 from the second's.
    assert held.judged.litres.value <= 0.058
    assert validation.weeks_apart(held) == pytest.approx(0.050, abs=0.001)
    assert held.mape <= 0.03
    assert abs(held.total_error) <= 0.08


def test_bg_nbd_foretells_cdnow() -> None:
    data = cdnow()
    first, repeats, _ = data.history(validation.CDNOW_LAST_DAY)
    assert len(first) == 23_570
    assert repeats.sum() == 24_337
    mape, _ = validation.cdnow_errors(data)
    assert mape <= 0.035


def test_the_published_sample_gives_the_published_figures() -> None:
    """The tenth of the customers that Fader, Hardie and Lee (2005) fitted."""
    first, repeats, latest = cdnow(sample=True).history(validation.CDNOW_LAST_DAY)
    watched = (validation.CDNOW_LAST_DAY - first) / 7.0
    fit = fit_purchases(repeats, (latest - first) / 7.0, watched)
    assert len(first) == 2_357
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.1)
    assert fit.estimates["rate_shape"].value == pytest.approx(0.243, abs=0.001)
    assert fit.estimates["rate_scale"].value == pytest.approx(4.414, abs=0.01)
    assert fit.estimates["drop_out_a"].value == pytest.approx(0.793, abs=0.01)
    assert fit.estimates["drop_out_b"].value == pytest.approx(2.426, abs=0.03)
