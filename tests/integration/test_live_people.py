"""People on a live system: no personal value in any file or key, lookups, erasure, companies."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from actors.gateway.auth import sign_company_token, sign_token
from actors.store.client import connect
from tests.integration.live_fixtures import (
    ADMIN,
    SEASON,
    Live,
    StartLive,
    ndjson,
    purchase,
    ray_session,
    start_live,
    start_system,
    stop,
)
from tests.patience import looks
from ui.commands.erase import command

__all__ = ["ray_session", "start_live"]

PERSON: dict[str, Any] = {
    "phone": "+86 138-0013-8000",
    "plate": "粤B·7K3Q9",
    "email": "Wang.Xiaoming@Example.com",
    "id_number": "44030119900619123X",
    "name": "王小明",
    "address": "深圳市南山区科技路一号",
    "birthday": "1990-06-19",
    "company": "c-1",
    "kind": "taxi",
    "fuel": "92",
}
# The plate is no run of digits, which numbered event ids spell where a file packs them.
CLEAR = (
    "13800138000",
    "138-0013",
    "7K3Q9",
    "xiaoming",
    "Xiaoming",
    "44030119900619",
    "王小明",
    "科技路",
    "1990-06-19",
)
NDJSON = {"Content-Type": "application/x-ndjson"}


def enrol(number: int, member: str, minute: int = 0, **attributes: Any) -> dict[str, Any]:
    event = purchase(number, member, minute)
    del event["product"], event["litres"], event["amount"]
    return event | {"type": "enrol", "event_id": f"e-{number}", "attributes": attributes}


def found_in_files(folder: Path, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Find words in any file of a folder, Parquet and Arrow decoded too."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content += parquet_text(path)
            found += [(path.name, word) for word in words if word.encode() in content]
    return found


def parquet_text(path: Path) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = b""
    for row in pq.read_table(path).to_pylist():
        for cell in row.values():
            if isinstance(cell, bytes):
                text += cell
                try:
                    text += repr(pa.ipc.open_stream(cell).read_all().to_pylist()).encode()
                except pa.ArrowException:
                    continue
            else:
                text += str(cell).encode()
    return text


def found_in_store(live: Live, words: tuple[str, ...]) -> list[tuple[bytes, str]]:
    """Find words in any key of the server, whatever its type."""
    import pyarrow as pa

    found = []
    with connect(live.system.settings.redis_url) as client:
        for key in client.scan_iter():
            kind = client.type(key)
            held: Any = b""
            if kind == b"hash":
                held = [part for pair in client.hgetall(key).items() for part in pair]
            elif kind == b"zset":
                held = client.zrange(key, 0, -1)
            elif kind == b"stream":
                held = [part for _, one in client.xrange(key) for part in one.values()]
                for part in list(held):
                    try:
                        held.append(repr(pa.ipc.open_stream(part).read_all().to_pylist()).encode())
                    except pa.ArrowException:
                        continue
            content = b"\n".join([key, *held])
            found += [(key, word) for word in words if word.encode() in content]
    return found


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    system = start_system(tmp_path_factory.mktemp("people"))
    yield system
    stop(system)


def app_of(live: Live, member: str = "", company: str = "") -> dict[str, str]:
    headers = live.as_role("app")
    secret, later = live.keys["app.secret"], int(time.time()) + 600
    if member:
        headers = headers | {"X-Member-Token": sign_token(member, secret, later)}
    if company:
        headers = headers | {"X-Company-Token": sign_company_token(company, secret, later)}
    return headers


def test_no_personal_value_is_in_any_file_or_key(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path, shards=1)
    live.post(enrol(1, "w-1", **PERSON))
    bulk = [enrol(2, "w-2", 1, **PERSON), enrol(3, "w-3", 2, **(PERSON | {"Phone": 13800138000}))]
    bulk += [purchase(10 + n, f"w-{n % 3 + 1}", 3 + n) for n in range(150)]
    answer = live.http.post("/v1/events", content=ndjson(bulk), headers=NDJSON)
    assert answer.json()["applied"] == 152, answer.text
    assert found_in_store(live, CLEAR) == []
    assert found_in_files(tmp_path, CLEAR) == []
    stop(live)
    assert list((tmp_path / "snapshots").rglob("*.npy"))
    assert list((tmp_path / "archive").rglob("*.parquet"))
    assert found_in_files(tmp_path, CLEAR) == []


@pytest.mark.long
def test_erasure_leaves_nothing_that_leads_back(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path)
    live.post([enrol(1, "w-1", **PERSON), enrol(2, "w-2", 1, phone="13900139000", name="李")])
    live.post(purchase(3, "w-1", 2))
    held = live.get("/v1/members/w-1/export")
    tokens = [entry["token"] for entry in held["personal"]]
    assert len(tokens) == 6
    answer = live.http.delete("/v1/members/w-1")
    assert answer.status_code == httpx.codes.OK, answer.text
    told = answer.json()
    assert told["values"] == 6
    assert told["cleansed"] is True
    # The log keeps the tokens; the vault, every snapshot and the server's file know none of them.
    with connect(live.system.settings.redis_url) as client:
        vault = [key for key in client.scan_iter() if b"{vault}" in key]
        assert vault
        for key in vault:
            kind = client.type(key)
            whole = str(client.hgetall(key) if kind == b"hash" else client.zrange(key, 0, -1))
            assert "w-1" not in whole
            assert not [token for token in tokens if token in whole]
    assert found_in_files(tmp_path / "snapshots", tuple(tokens)) == []
    assert live.http.get("/v1/members/w-1/profile").json()["attributes"] == {"kind": "private"}
    for body in ({"phone": PERSON["phone"]}, {"plate": PERSON["plate"]}):
        assert live.http.post("/v1/members/lookup", json=body).status_code == 404
    # The points stay, and so do the others.
    assert live.get("/v1/members/w-1")["active"] == 10
    assert live.http.post("/v1/members/lookup", json={"phone": "139-0013-9000"}).json() == {
        "member": "w-2",
        "members": ["w-2"],
    }
    left = live.get("/v1/members/w-1/export")
    assert left["personal"] == []
    # The event that brought them, sent again, is another one now, and brings nothing back.
    again = live.post(enrol(1, "w-1", **PERSON))["results"][0]
    assert again["status"] == "conflict"
    assert live.get("/v1/members/w-1/export")["personal"] == []
    assert live.http.post("/v1/members/lookup", json={"phone": "13800138000"}).status_code == 404


def test_an_erase_event_destroys_too_and_a_merged_record_with_it(live: Live) -> None:
    live.post([enrol(100, "x-1", phone="13700137000"), purchase(101, "x-1", 1)])
    other = next(name for name in (f"y-{n}" for n in range(50)) if same_shard(name, "x-1"))
    live.post([enrol(102, other, 2, name="张三"), purchase(103, other, 3)])
    merge = {"event_id": "merge-1", "type": "merge", "member": "x-1", "ref": other}
    at = purchase(0, "", 4)["at"]
    assert live.post(merge | {"at": at})["results"][0]["status"] == "applied"
    shown = live.get("/v1/members/x-1/profile")["attributes"]
    assert (shown["phone"], shown["name"]) == ("13700137000", "张三")
    assert live.http.post("/v1/members/lookup", json={"phone": "13700137000"}).json() == {
        "member": "x-1",
        "members": ["x-1"],
    }
    erase = {"event_id": "erase-1", "type": "erase", "member": other, "at": at}
    assert live.post(erase)["results"][0]["status"] == "applied"
    assert live.get("/v1/members/x-1/export")["personal"] == []
    assert live.http.post("/v1/members/lookup", json={"phone": "13700137000"}).status_code == 404


def same_shard(one: str, other: str) -> bool:
    from actors.gateway.board_pages import owner_of

    return owner_of(one, 2) == owner_of(other, 2)


def test_the_same_event_again_is_a_duplicate_whatever_its_spelling_of_space(live: Live) -> None:
    event = enrol(200, "d-1", phone="136 0013 6000", plate="京A12345")
    assert live.post(event)["results"][0]["status"] == "applied"
    assert live.post(event)["results"][0]["status"] == "duplicate"
    same = event | {"attributes": {"phone": "+8613600136000", "plate": "京a·12345"}}
    assert live.post(same)["results"][0]["status"] == "duplicate"
    other = event | {"attributes": {"phone": "13600136001", "plate": "京A12345"}}
    assert live.post(other)["results"][0]["status"] == "conflict"
    # What was refused is not kept either.
    assert live.http.post("/v1/members/lookup", json={"phone": "13600136001"}).status_code == 404
    assert len(live.get("/v1/members/d-1/export")["personal"]) == 2


def test_many_at_once_get_equal_tokens(live: Live) -> None:
    events = [enrol(300 + n, f"t-{n % 20}", phone=f"1350013500{n % 10}") for n in range(120)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(live.post, events))
    assert all(answer["results"][0]["status"] == "applied" for answer in answers)
    found = live.http.post("/v1/members/lookup", json={"phone": "13500135003"}).json()
    assert found == {"member": None, "members": ["t-13", "t-3"]}


def test_a_profile_is_shown_to_its_member_and_an_admin_alone(live: Live) -> None:
    live.post(enrol(400, "p-1", **(PERSON | {"phone": "13400134000", "plate": "沪A0001"})))
    shown = live.get("/v1/members/p-1/profile")
    assert shown["attributes"] == {
        "phone": "13400134000",
        "name": "王小明",
        "address": "深圳市南山区科技路一号",
        "birthday": "06-19",
        "company": "c-1",
        "kind": "taxi",
        "fuel": "92",
    }
    assert shown["kept_as_token"] == ["email", "id_number", "plate"]
    own = live.http.get("/v1/members/p-1/profile", headers=app_of(live, "p-1"))
    assert own.json()["attributes"] == shown["attributes"]
    for headers in (app_of(live, "p-2"), live.as_role("till"), live.as_role("analyst")):
        assert live.http.get("/v1/members/p-1/profile", headers=headers).status_code == 403
    till = live.as_role("till")
    found = live.http.post("/v1/members/lookup", json={"plate": "沪a·0001"}, headers=till).json()
    assert found["member"] == "p-1"
    for headers in (app_of(live, "p-1"), live.as_role("analyst")):
        answer = live.http.post("/v1/members/lookup", json={"plate": "沪A0001"}, headers=headers)
        assert answer.status_code == 403
    assert live.http.post("/v1/members/lookup", json={}).status_code == 422


def test_a_value_that_changed_is_found_no_longer(live: Live) -> None:
    live.post(enrol(500, "c-500", phone="13300133000"))
    update = enrol(501, "c-500", 1, phone="13300133001") | {"type": "update"}
    live.post(update)
    assert live.http.post("/v1/members/lookup", json={"phone": "13300133000"}).status_code == 404
    found = live.http.post("/v1/members/lookup", json={"phone": "13300133001"}).json()
    assert found["member"] == "c-500"
    assert live.get("/v1/members/c-500/profile")["attributes"]["phone"] == "13300133001"


def test_a_company_sees_its_members_use_and_no_more(live: Live) -> None:
    live.post(
        [
            enrol(600, "f-1", kind="taxi", company="acme"),
            enrol(601, "f-2", kind="taxi", company="acme"),
            enrol(602, "f-3", kind="private", company="acme"),
            enrol(603, "f-4", kind="taxi", company="other"),
        ]
    )
    sold = [purchase(610 + n, f"f-{n % 4 + 1}", 10 + n, "10.000") for n in range(8)]
    sold.append(purchase(620, "f-1", 45 * 24 * 60 % (19 * 24 * 60), "5.000"))
    live.post(sold)
    refund = {"event_id": "r-1", "type": "refund", "member": "f-1", "ref": "p-610"}
    assert live.post(refund | {"at": sold[-1]["at"]})["results"][0]["status"] == "applied"
    headers = app_of(live, company="acme")
    told = live.http.get("/v1/companies/acme", headers=headers).json()
    assert (told["members"], told["kinds"]) == (2, {"taxi": 2})
    assert (told["litres"], told["amount"], told["visits"]) == ("35.000", "300.00", 4)
    [june] = told["use"]
    assert june == {
        "month": "2026-06",
        "product": "92",
        "litres": "35.000",
        "amount": "300.00",
        "visits": 4,
    }
    by_member = live.http.get("/v1/companies/acme/members", headers=headers).json()["members"]
    assert [(one["member"], one["litres"], one["visits"]) for one in by_member] == [
        ("f-1", "15.000", 2),
        ("f-2", "20.000", 2),
    ]
    assert not {"at", "station", "phone"} & set(by_member[0])
    assert live.get("/v1/companies/acme") == told | {
        "as_of": live.get("/v1/companies/acme")["as_of"]
    }
    other = app_of(live, company="other")
    assert live.http.get("/v1/companies/acme", headers=other).status_code == 403
    assert live.http.get("/v1/companies/acme", headers=app_of(live, "acme")).status_code == 403
    assert live.http.get("/v1/companies/acme", headers=live.as_role("till")).status_code == 403
    assert live.http.get("/v1/companies/nobody").status_code == 404
    member_token = app_of(live, "acme")["X-Member-Token"]
    forged = live.as_role("app") | {"X-Company-Token": member_token}
    assert live.http.get("/v1/companies/acme", headers=forged).status_code == 401


@pytest.mark.long
def test_use_on_disk_and_use_since_add_up(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path)
    live.post([enrol(1, "f-1", kind="taxi", company="acme"), purchase(2, "f-1", 1)])
    stop(live)
    live = start_live(tmp_path)
    live.post(purchase(3, "f-1", 2))
    assert live.get("/v1/companies/acme")["litres"] == "20.000"


@pytest.mark.long
def test_without_the_vault_nothing_is_half_done(start_live: StartLive, tmp_path: Path) -> None:
    """The server stops answering between the decision and the vault: 503, then the same again."""
    live = start_live(tmp_path)
    live.post(enrol(1, "w-1", phone="13800138000"))
    server = live.system.server
    assert server is not None
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    answer = live.http.post("/v1/events", json=enrol(2, "w-2", 1, phone="13800138000"))
    if answer.status_code != httpx.codes.OK:  # the watch may have been quicker
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
    again = until_taken(live, enrol(2, "w-2", 1, phone="13800138000"))
    assert again["status"] in ("applied", "duplicate")
    assert until_taken(live, enrol(2, "w-2", 1, phone="138 0013 8000"))["status"] == "duplicate"
    found = live.http.post("/v1/members/lookup", json={"phone": "13800138000"}).json()
    assert found["members"] == ["w-1", "w-2"]


@pytest.mark.long
def test_a_gateway_killed_between_vault_and_log(start_live: StartLive, tmp_path: Path) -> None:
    import ray

    live = start_live(tmp_path)
    pids = [ray.get(member.pid.remote()) for member in live.system.members]
    gateway = ray.get(live.system.gateway.pid.remote())
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)  # the vault answers, no log takes anything
    event = enrol(1, "w-1", phone="13800138000")
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(lambda: live.http.post("/v1/events", json=event))
        with connect(live.system.settings.redis_url) as client:
            for _ in looks(20, "the vault to answer"):
                if client.exists("forecourt:test-season:{vault}:values"):
                    break
        os.kill(gateway, signal.SIGKILL)
        with pytest.raises(httpx.HTTPError):
            sent.result()
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    assert until_taken(live, event)["status"] in ("applied", "duplicate")
    assert until_taken(live, event)["status"] == "duplicate"
    found = live.http.post("/v1/members/lookup", json={"phone": "13800138000"}).json()
    assert found["member"] == "w-1"


def until_taken(live: Live, event: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = live.send(event)["results"][0]
    return result


@pytest.mark.long
def test_a_file_can_name_further_personal_attributes(start_live: StartLive, tmp_path: Path) -> None:
    text = SEASON.replace('"staff"]\n', '"staff"]\npersonal = ["wechat"]\n', 1)
    live = start_live(tmp_path, season_text=text)
    live.post(enrol(1, "w-1", wechat="tiger-77", fuel="92"))
    assert found_in_store(live, ("tiger-77",)) == []
    assert live.get("/v1/members/w-1/profile")["kept_as_token"] == ["wechat"]


def test_the_command_erases(live: Live) -> None:
    live.post([enrol(800, "cli-1", phone="13100131000"), purchase(801, "cli-1", 1)])
    given = ["cli-1", "--url", live.system.url, "--key", ADMIN]
    asked = CliRunner().invoke(command, given, input="n\n")
    assert asked.exit_code == 1
    assert len(live.get("/v1/members/cli-1/export")["personal"]) == 1
    done = CliRunner().invoke(command, [*given, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["values"], told["cleansed"]) == (1, True)
    assert live.get("/v1/members/cli-1/export")["personal"] == []
    nobody = CliRunner().invoke(command, ["nobody-there", *given[1:], "--yes"])
    assert nobody.exit_code == 1


def test_arrow_bodies_are_sealed_too(live: Live) -> None:
    import pyarrow as pa

    event = enrol(700, "a-1", phone="13200132000")
    del event["attributes"]
    table = pa.table({name: [value] for name, value in event.items()})
    table = table.append_column("attributes.phone", pa.array(["132 0013 2000"]))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    answer = live.http.post(
        "/v1/events",
        content=sink.getvalue().to_pybytes(),
        headers={"Content-Type": "application/vnd.apache.arrow.stream"},
    )
    assert answer.json()["results"][0]["status"] == "applied", answer.text
    assert live.get("/v1/members/a-1/profile")["attributes"]["phone"] == "132 0013 2000"
