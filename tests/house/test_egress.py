"""With loopback alone a whole run tries to reach nothing else: no telemetry, no update check, no look-up."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gaung.settings import PROJECT_ROOT
from tests.conftest import _fill_environment
from tests.house.living import post

pytestmark = [pytest.mark.prove, pytest.mark.timeout(3000)]

RUN = r"""
set -e
ip link set lo up
trap 'gaung down' EXIT
gaung up || for i in $(seq 60); do gaung status >/dev/null 2>&1 && break; sleep 5; done
gaung airflow -- dags trigger ingest_files
for i in $(seq 120); do
    gaung sql "select version from trust_badge where version > 0" | grep -q '[1-9]' && break
    sleep 5
done
gaung sql "select count(*) from fct_post"
gaung maintain
gaung docs --out "$GAUNG_HOME/docs"
gaung status
"""

CALL = re.compile(r"(\d+\s+)?(connect|sendto|sendmsg)\(.*?(sin_port|sin6_port).*")
LOCAL = re.compile(r'inet_addr\("127\.|inet_pton\(AF_INET6, "::1"')


def outside(trace: str) -> list[str]:
    """The calls of a trace that go to anywhere but loopback."""
    return [line for line in trace.splitlines() if CALL.match(line) and not LOCAL.search(line)]


def test_a_call_to_the_outside_is_seen() -> None:
    asked = '12 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.2")}, 16) = 0'
    local = (
        '12 connect(3, {sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("127.0.0.1")}, 16) = 0'
    )
    unix = '12 connect(3, {sa_family=AF_UNIX, sun_path="/run/nscd/socket"}, 110) = -1 ENOENT'
    assert outside("\n".join([asked, local, unix])) == [asked]


def test_nothing_but_loopback_is_called(reachable_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("unshare", "strace", "ip"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here")
    if os.geteuid() != 0 or subprocess.run(["unshare", "-n", "true"], check=False).returncode:
        pytest.skip("a network namespace cannot be made here: it takes root")
    _fill_environment(monkeypatch, reachable_folder / "var")
    (reachable_folder / "var" / "drop").mkdir(parents=True)
    monkeypatch.setenv("GAUNG_BRANDS_FILE", str(PROJECT_ROOT / "brands.yml"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    lines = "".join(
        json.dumps({**post(number), "text": "ngopi di Kopi Senja"}) + "\n" for number in range(50)
    )
    (reachable_folder / "var" / "drop" / "posts.ndjson").write_text(lines)
    trace = reachable_folder / "trace"

    command = ["unshare", "-n", "strace", "-f", "--seccomp-bpf", "-qq", "-o", str(trace)]
    command += ["-e", "trace=connect,sendto,sendmsg", "-s", "0", "/bin/sh", "-c", RUN]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    calls = trace.read_text("utf-8", "replace")
    assert len([line for line in calls.splitlines() if LOCAL.search(line)]) > 50, "the run was really watched"
    assert outside(calls) == []
