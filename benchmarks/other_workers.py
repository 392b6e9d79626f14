"""Rows in PostgreSQL that stand for the trials of many other workers (see benchmarks/asking.py)."""

import optuna
import psycopg

from benchmarks.overhead import OBJECTIVES, record_of
from benchmarks.replay.table import Nearest, Table, default_space
from search.study.records import OWNER, RECORD
from search.study.view import StudyView

MODELS = 60  # trials that the others' are copies of
BEGIN = """
WITH made AS (
    INSERT INTO trials (study_id, number, state, datetime_start)
    SELECT %(study)s, %(number)s + i, 'RUNNING', now() FROM generate_series(0, %(count)s - 1) i
    RETURNING trial_id, number
), pairs AS (SELECT trial_id, (%(models)s)[1 + number %% %(every)s] AS model FROM made),
owned AS (INSERT INTO trial_user_attributes (trial_id, key, value_json) SELECT trial_id, 'owner', '"other"' FROM made)
INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
SELECT pairs.trial_id, param_name, CASE WHEN param_name = 'train.learning_rate' THEN param_value * (1 + random() / 1e6)
    ELSE param_value END, distribution_json
FROM pairs JOIN trial_params p ON p.trial_id = pairs.model ORDER BY p.param_id
"""
END = """
WITH ended AS (SELECT trial_id, number FROM trials JOIN trial_user_attributes u USING (trial_id)
    WHERE study_id = %(study)s AND state = 'RUNNING' AND u.key = 'owner' AND u.value_json = '"other"'
    ORDER BY number LIMIT %(count)s),
pairs AS (SELECT trial_id, (%(models)s)[1 + number %% %(every)s] AS model FROM ended),
valued AS (INSERT INTO trial_values (trial_id, objective, value, value_type)
    SELECT pairs.trial_id, objective, value, value_type FROM pairs JOIN trial_values v ON v.trial_id = pairs.model),
recorded AS (INSERT INTO trial_user_attributes (trial_id, key, value_json)
    SELECT pairs.trial_id, key, value_json FROM pairs JOIN trial_user_attributes a ON a.trial_id = pairs.model
    WHERE key = 'record')
UPDATE trials SET state = 'COMPLETE', datetime_complete = now() WHERE trial_id IN (SELECT trial_id FROM ended)
"""


class Others:
    """The other workers' trials, written in few statements, with the parameters and results of MODELS real ones."""

    def __init__(self, study: StudyView, address: str, table: Table, workers: int, finished: int) -> None:
        self.connection = psycopg.connect(address, autocommit=True)
        space, nearest = default_space(), Nearest(table, default_space())
        random = optuna.create_study(directions=OBJECTIVES.directions, sampler=optuna.samplers.RandomSampler(seed=1))
        for _ in range(MODELS):
            trial = random.ask()
            record = record_of(space.suggest(trial), table, nearest)
            study.optuna.add_trial(
                optuna.trial.create_trial(
                    values=record["values"], params=trial.params, distributions=trial.distributions,
                    user_attrs={OWNER: "model", RECORD: record},
                )
            )  # fmt: skip
        ids = [trial._trial_id for trial in study.optuna.get_trials(deepcopy=False)]
        self.study = self._number("SELECT max(study_id) FROM trials WHERE trial_id = ANY(%s)", ids)
        self.models = ids
        for _ in range(max(0, finished - MODELS) // workers):
            self.begin(workers)
            self.end(workers)
        self.begin(workers - 1)
        self.connection.execute("ANALYZE")

    def begin(self, count: int) -> None:
        with self.connection.transaction():
            self.connection.execute("SELECT 1 FROM studies WHERE study_id = %s FOR UPDATE", (self.study,))
            number = self._number("SELECT count(*) FROM trials WHERE study_id = %s", self.study)
            self._execute(BEGIN, count, number)

    def end(self, count: int) -> None:
        self._execute(END, count)

    def _execute(self, statement: str, count: int, number: int = 0) -> None:
        values = {"study": self.study, "models": self.models, "every": MODELS, "count": count, "number": number}
        self.connection.execute(statement, values)  # type: ignore[arg-type]

    def _number(self, statement: str, value: object) -> int:
        found = self.connection.execute(statement, (value,)).fetchone()  # type: ignore[arg-type]
        assert found is not None
        return int(found[0])
