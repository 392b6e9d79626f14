"""The replay on a small made-up table: what is counted, what is found, and that a seed decides all."""

import json
import sys

import pytest

import benchmarks.replay.rungs as rungs_replay
from benchmarks.replay import rung_table
from benchmarks.replay.ledger import Ledger, at, reached
from benchmarks.replay.made_up import made_up
from benchmarks.replay.ours import Ours, Run, Switches
from benchmarks.replay.outside import Outside
from benchmarks.replay.strategies import ours, peers, random, tpe
from benchmarks.replay.summary import best_peer, printed, result, write_curves
from benchmarks.replay.table import CHECKPOINTS, Nearest, applying, default_space, read_table, table_from
from sedkd.errors import UserError

SPACE = default_space()


@pytest.fixture(scope="module")
def content():
    return made_up(SPACE, 30)


@pytest.fixture(scope="module")
def table(content):
    return table_from(content, "made up")


def test_budget_is_what_sixty_full_trainings_cost(content, table):
    assert table.budget == pytest.approx(60 * sum(row["seconds"] for row in content["rows"]) / 30)


def test_a_wrong_table_is_named(content, tmp_path):
    target = tmp_path / "table.json"
    target.write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        read_table(target)
    short = json.loads(json.dumps(content))
    short["rows"][3]["curve"].pop(0)
    target.write_text(json.dumps(short))
    with pytest.raises(UserError, match=r"rows\[3\]: curve: expected 8"):
        read_table(target)
    del short["rows"][0]["macs"]
    target.write_text(json.dumps(short))
    with pytest.raises(UserError, match=r"rows\[0\]: KeyError: 'macs'"):
        read_table(target)


def test_every_row_is_its_own_nearest(table):
    nearest = Nearest(table, SPACE)
    assert [nearest(row.configuration).number for row in table.rows] == list(range(30))


def test_nearest_looks_past_a_small_difference_and_at_the_architecture_first(table):
    row, nearest = table.rows[7], Nearest(table, SPACE)
    rate = row.configuration["train.learning_rate"] * 1.01
    assert nearest({**row.configuration, "train.learning_rate": rate}).number == 7
    other = "generic" if row.configuration["initialisation"] != "generic" else "random"
    assert nearest({**row.configuration, "initialisation": other}).number == 7


def test_a_row_of_an_earlier_space_stands_for_what_this_one_draws(content):
    """Once such strategies had a share of unlabelled clips as well, which no draw has: it tells nothing apart."""
    rows = [row for row in content["rows"] if row["configuration"]["strategy"] in ("hint", "relation", "similarity")]
    for row in rows:
        row = json.loads(json.dumps(row))
        row["configuration"]["train.unlabeled_share"] = 0.5
        others = [one for one in content["rows"] if one["configuration"]["strategy"] == "none"]
        table = table_from({**content, "rows": [*others, row]}, "made up")
        drawn = {k: v for k, v in row["configuration"].items() if k != "train.unlabeled_share"}
        assert Nearest(table, SPACE)(drawn).number == len(others)
    assert rows


def test_applying_keeps_what_a_draw_of_the_space_holds(table):
    everything = {d.name: d.default for d in SPACE.dimensions}
    assert applying(SPACE, everything) == SPACE.defaults()


def test_a_training_that_ends_early_pays_its_checkpoint_and_what_surrounds_it(table):
    training = table.rows[0].full
    assert training.paid(training.curve[-1]) == pytest.approx(training.seconds)
    surroundings = training.seconds - training.curve[-1].seconds
    assert training.paid(training.at(0.5)) == pytest.approx(training.curve[3].seconds + surroundings)
    assert training.at(0.75) is training.curve[5]


def test_hypervolume_steps_only_rise_and_end_at_the_limit():
    ledger = Ledger(limit=10.0)
    for seconds, f1, cost in ((4, 0.5, 5.0), (4, 0.4, 6.0), (4, 0.9, 5.0)):
        ledger.spend(seconds)
        ledger.deliver(f1, cost)
    steps = ledger.steps()
    assert [step.hypervolume for step in steps] == pytest.approx([0.0, 2.0, 2.0])
    assert (at(steps, 3.9), at(steps, 4.0)) == pytest.approx((0.0, 2.0))
    assert (reached(steps, 1.5), reached(steps, 2.5)) == (4, None)


def test_a_row_that_is_drawn_again_costs_again_unless_it_is_answered(table):
    row = table.rows[0]
    for answers, times in ((False, 2), (True, 1)):
        run = Run(table, Switches(answers=answers))
        first, again = run.outcome(row), run.outcome(row)
        assert run.ledger.seconds == pytest.approx(times * row.full.seconds)
        assert (run.ledger.draws, run.ledger.repeats) == (2, 1)
        assert first.f1 == again.f1 == row.full.f1


def test_stopping_ends_the_hopeless_and_delivers_what_is_there(content):
    rows = [dict(content["rows"][i]) for i in range(10)]
    for place, row in enumerate(rows):  # each cheaper than those before it
        row.update(macs=1e6 - place, f1=0.6, curve=[{**point, "f1": 0.5} for point in row["curve"]])
    rows[9] = {**rows[9], "macs": 2e6, "curve": [{**point, "f1": 0.1} for point in rows[9]["curve"]]}
    table = table_from({"rows": rows}, "small")
    run = Run(table, Switches(stopping=True))
    outcomes = [run.outcome(row) for row in table.rows]
    assert [outcome.is_stopped for outcome in outcomes] == [False] * 9 + [True]
    assert outcomes[9].f1 == 0.1
    spent = sum(row.full.seconds for row in table.rows[:9])
    last = table.rows[9].full
    assert run.ledger.seconds - spent == pytest.approx(last.paid(last.at(0.5)))


def test_a_seed_decides_a_run(table, monkeypatch):
    monkeypatch.setattr("benchmarks.replay.ours.MOST_DRAWS", 16)
    strategy = Ours(tpe, SPACE, Switches(answers=True, stopping=True))
    one, other = (strategy.replay(table, 3) for _ in range(2))
    assert one.steps() == other.steps()
    assert one.steps() != strategy.replay(table, 4).steps()


def test_a_run_begins_with_what_it_is_told_to(table):
    best = max(table.rows, key=lambda row: row.full.f1)
    ledger = Ours(random, SPACE, Switches(first=(best.configuration,))).replay(table, 0)
    assert ledger.delivered[0][1].values == (best.full.f1, best.cost)


PEER = """
from talk import serve
def run(opening, train):
    values = {d["name"]: d["low"] for d in opening["space"]}
    number = 0
    while True:
        train(f"{number}a", None, values, 3)
        train(f"{number}b", f"{number}a", values, len(opening["fidelities"]))
        number += 1
serve(run)
"""


def test_a_peer_pays_the_difference_where_it_goes_on_and_delivers_at_the_end(table, tmp_path, monkeypatch):
    from benchmarks.replay import outside

    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)  # which a command line that ran here before leaves behind
    (tmp_path / "peer.py").write_text(PEER)
    (tmp_path / "talk.py").write_text((outside.SCRIPTS / "talk.py").read_text())
    monkeypatch.setattr(outside, "SCRIPTS", tmp_path)
    first, second = Outside(sys.executable, "peer.py", "", SPACE).replay_all(table, [0, 1])
    assert first.steps() == second.steps()
    assert first.draws == first.repeats + 1
    row = Nearest(table, SPACE)(applying(SPACE, {d.name: d.extremes()[0] for d in SPACE.dimensions}))
    assert len(row.full.curve) == CHECKPOINTS
    for number, (seconds, student) in enumerate(first.delivered[:3]):
        assert seconds == pytest.approx((number + 1) * row.full.seconds)
        assert student.values == (row.full.f1, row.cost)


def test_a_peer_that_fails_is_told_with_what_it_said(table, tmp_path, monkeypatch):
    from benchmarks.replay import outside

    (tmp_path / "peer.py").write_text("raise RuntimeError('no such package')")
    monkeypatch.setattr(outside, "SCRIPTS", tmp_path)
    with pytest.raises(UserError, match="no such package"):
        Outside(sys.executable, "peer.py", "", SPACE).replay_all(table, [0])


def test_the_table_names_every_strategy_and_the_best_peer(table, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.replay.ours.MOST_DRAWS", 12)
    names = [s.name for s in (*peers(SPACE, None, False), *ours(SPACE, table, table))]
    assert len(set(names)) == len(names)
    chosen = peers(SPACE, None, False)[:2] + ours(SPACE, table, None)[:1]
    results = [result(s.name, s.is_peer, s.replay(table, [0])) for s in chosen]
    name, volume = best_peer(results)
    assert name in names
    assert volume == max(r.volumes(1.0)[0] for r in results if r.is_peer)
    assert all(s.name in printed(results, table) for s in chosen)
    write_curves(results, tmp_path / "curves.csv")
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 1 + 3 * 201


def with_rungs(content, path):
    """The made-up rows as if each had been trained to 150 steps, put aside after 130, and on to 600."""
    rows = []
    for row in content["rows"]:
        rungs = [
            {"steps": 150, "f1": 0.8 * row["f1"], "seconds": row["seconds"] / 4, "begun": 0},
            {"steps": 600, "f1": row["f1"], "seconds": row["seconds"] * 470 / 600, "begun": 130},
        ]
        rows.append({"configuration": row["configuration"], "macs": row["macs"], "rungs": rungs})
    path.write_text(json.dumps({"facts": {}, "rows": [*rows, {"configuration": {}, "macs": 1, "failed": "diverged"}]}))
    return rung_table.read(path)


@pytest.mark.parametrize(
    ("text", "reason"), [(None, "No such file"), ("{", "not JSON"), ('{"rows": [{"macs": 1}]}', "rows that have rungs")]
)
def test_a_file_that_is_no_table_of_rungs_is_named(tmp_path, text, reason):
    target = tmp_path / "rungs.json"
    if text is not None:
        target.write_text(text)
    with pytest.raises(UserError, match=f"rungs.json: .*{reason}"):
        rung_table.read(target)


def test_a_full_training_costs_what_it_takes_from_the_first_step(content, tmp_path):
    table = with_rungs(content, tmp_path / "rungs.json")
    assert len(table.rows) == 30
    for row, recorded in zip(table.rows, content["rows"], strict=True):
        assert row.full.seconds == pytest.approx(recorded["seconds"])
        assert row.full.f1 == recorded["f1"]


def test_of_two_seeds_scores_and_seconds_are_means(content, tmp_path):
    """Over the rows that failed with neither, found by what was trained and not by their place."""
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    with_rungs(content, one)
    others = [{**row, "f1": row["f1"] + 0.1, "seconds": 3 * row["seconds"]} for row in content["rows"]]
    with_rungs({"rows": others[::-1]}, two)
    part = json.loads(two.read_text())
    part["rows"][0] |= {"rungs": part["rows"][0]["rungs"][:1], "failed": "diverged"}  # the last of the first table
    two.write_text(json.dumps(part))
    table = rung_table.read(one, two)
    assert len(table.rows) == 29
    for row, recorded in zip(table.rows, content["rows"], strict=False):
        assert row.configuration == recorded["configuration"]
        assert [rung.f1 for rung in table.ladder[row.number]] == pytest.approx(
            [0.8 * (recorded["f1"] + 0.05), recorded["f1"] + 0.05]
        )
        assert row.full.f1 == table.ladder[row.number][-1].f1
        assert row.full.seconds == pytest.approx(2 * recorded["seconds"])


def test_tables_of_other_rungs_or_other_rows_have_no_means(content, tmp_path):
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    with_rungs(content, one)
    with_rungs({"rows": [{**row, "configuration": {"strategy": "none"}} for row in content["rows"][:1]]}, two)
    with pytest.raises(UserError, match=r"one.json, .*two.json: no configuration was trained in all"):
        rung_table.read(one, two)
    longer = json.loads(one.read_text())
    for row in longer["rows"]:
        for rung in row.get("rungs", ()):
            rung["steps"] *= 4
    two.write_text(json.dumps(longer))
    with pytest.raises(UserError, match="rows have different rungs"):
        rung_table.read(one, two)


@pytest.mark.parametrize("promotion", [rungs_replay.by_gain, rungs_replay.by_rank])
def test_rung_by_rung_a_quarter_goes_on_and_all_is_paid(content, tmp_path, promotion):
    table = with_rungs(content, tmp_path / "rungs.json")
    strategy = rungs_replay.ByRungs(random, SPACE, promotion)
    ledger, again = (strategy.replay(table, 3) for _ in range(2))
    assert ledger.delivered == again.delivered
    begun = ledger.draws - ledger.repeats
    assert 0 < len(ledger.delivered) - begun <= begun
    assert ledger.seconds <= table.budget + max(row.full.seconds for row in table.rows)
    scores = {(rung.f1, row.cost) for row in table.rows for rung in table.ladder[row.number]}
    assert {member.values for _, member in ledger.delivered} <= scores


def test_beside_another_study_what_was_trained_there_is_known(content, tmp_path, monkeypatch):
    """Students and what they gained, of a run on the other table; the table's own rows stay unknown."""
    table, told = with_rungs(content, tmp_path / "rungs.json"), []
    monkeypatch.setattr("benchmarks.replay.rungs.MOST_DRAWS", 8)
    monkeypatch.setattr("benchmarks.replay.ours.MOST_DRAWS", 8)

    def sampler(seed, space, known, prior=()):
        told.append(prior)
        return random(seed, space, known)

    monkeypatch.setattr(rungs_replay, "gain", sampler)
    first = (table.rows[0].configuration, table.rows[1].configuration)
    how = rungs_replay.ByRungs(sampler, SPACE, rungs_replay.by_gain, first)
    ledger = rungs_replay.After(how, table).replay(table, 3)
    before = how.run(table, 3)[1]
    assert [len(prior) for prior in told] == [0, len(before.observations()), 0]
    assert told[1] == before.observations()
    assert next(member.values for _, member in ledger.delivered) == (table.ladder[0][0].f1, table.rows[0].cost)
