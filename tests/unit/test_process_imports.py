"""What a process of the live system imports: that is most of what its start takes."""

import subprocess
import sys

RANKING = """
import sys
import actors.hosts, actors.mirror_writer, actors.ranking_shard, actors.store.mirror
slow = {"pydantic", "pyarrow", "pandas", "fastapi", "rules.compiling.compiled"}
print(sorted(slow & set(sys.modules)))
"""


def test_a_ranking_shard_imports_no_models_and_no_arrow() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RANKING], check=False, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
