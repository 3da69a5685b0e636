import pytest

from simulator.search.aims import Budget, read_budget, read_objective


@pytest.mark.parametrize(
    ("text", "figure", "sign"),
    [
        ("margin_fen", "margin_fen", 1),
        ("max:roi", "roi", 1),
        ("min:cost_total_fen", "cost_total_fen", -1),
        (" active_members ", "active_members", 1),
    ],
)
def test_objectives(text: str, figure: str, sign: int) -> None:
    found = read_objective(text)
    assert (found.figure, found.sign) == (figure, sign)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cost_total_fen", "write min:cost_total_fen or max:cost_total_fen"),
        ("margin", "did you mean margin_fen?"),
        ("least:roi", "must be a figure"),
    ],
)
def test_bad_objectives_name_the_fix(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"figure|write") as caught:
        read_objective(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cost_total_fen<=5000000", Budget("cost_total_fen", "p95", True, 5_000_000)),
        ("mean(cost_total_fen) <= 5000000", Budget("cost_total_fen", "mean", True, 5_000_000)),
        ("active_members>=4000", Budget("active_members", "p05", False, 4000)),
        ("p50(roi)>=-0.5", Budget("roi", "p50", False, -0.5)),
        ("active_members>=98%", Budget("active_members", "p05", False, 0.98, of_today=True)),
        ("50000.5", Budget("cost_total_fen", "p95", True, 5_000_050)),
    ],
)
def test_budgets(text: str, found: Budget) -> None:
    assert read_budget(text) == found
    assert read_budget(str(found)) == found


@pytest.mark.parametrize(
    "text", ["cost_total_fen<5", "cost<=5", "p99(roi)<=1", "5000.001", "roi<=", "-5"]
)
def test_bad_budgets_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be FIGURE|no figure"):
        read_budget(text)


def test_excess_is_a_share_of_the_limit_on_its_bad_side() -> None:
    assert read_budget("cost_total_fen<=200").excess(250, 0) == 0.25
    assert read_budget("active_members>=200").excess(150, 0) == 0.25
    assert read_budget("active_members>=50%").excess(150, 200) == -0.5
    assert read_budget("cost_total_fen<=0").excess(3, 0) == 3
