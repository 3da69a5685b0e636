"""Operations: how the system does now, its processes, budgets, load tests, audit trail and keys."""

from functools import partial

from ui.parts import address, controls, notices
from ui.parts.controls import language_words
from ui.parts.header import season_header
from ui.parts.operations_admin import audit_shown, keys_shown
from ui.parts.operations_files import audit_csv, processes_csv, samples_csv
from ui.parts.operations_now import now_shown
from ui.parts.operations_processes import processes_shown
from ui.parts.operations_spent import budgets_shown, load_tests_shown

NOW, PROCESSES, BUDGETS, TESTS, AUDIT, KEYS = (
    "now",
    "processes",
    "budgets",
    "tests",
    "audit",
    "keys",
)
PARTS = (NOW, PROCESSES, BUDGETS, TESTS, AUDIT, KEYS)

words = language_words()
season_header(words)
season = notices.season_or_wait(words)
part = controls.choose(
    "part", words("operations.parts"), PARTS, lambda one: words(f"operations.{one}")
)
address.keep(lang=words.language, part=part)

if part == NOW:
    now_shown(season, words)
    controls.take_away(words("download.samples"), "operations.csv", samples_csv, words)
elif part == PROCESSES:
    processes_shown(words)
    controls.take_away(words("download.processes"), "processes.csv", processes_csv, words)
elif part == BUDGETS:
    budgets_shown(season, words)
    controls.link_only(words)
elif part == TESTS:
    load_tests_shown(season, words)
    controls.link_only(words)
elif part == AUDIT:
    audit = audit_shown(season, words)
    if audit is not None:
        label = words("download.audit")
        controls.take_away(label, "audit.csv", partial(audit_csv, audit), words)
else:
    keys_shown(season, words)
    controls.link_only(words)
