import pytest

from actors.store import keys


def test_keys_that_other_readers_use_are_as_documented() -> None:
    assert keys.board("summer-2026", "overall", 0) == "forecourt:summer-2026:board:overall:{0}"
    assert keys.info("summer-2026") == "forecourt:summer-2026:info"


def test_every_key_of_a_shard_carries_its_hash_tag() -> None:
    of_shard = [
        keys.log("s", 12),
        keys.head("s", 12),
        keys.manifest("s", 12),
        keys.board("s", "b", 12),
        keys.board_rebuild("s", "b", 12),
        keys.mirror_whole("s", 12),
    ]
    assert len(set(of_shard)) == len(of_shard)
    for key in of_shard:
        tag = key[key.index("{") + 1 : key.index("}")]
        assert tag == "12", key


@pytest.mark.parametrize("name", ["", "a b", "a:b", "{1}", "x}", "*", "a" * 129])
def test_an_id_that_would_change_the_keys_meaning_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be 1 to 128"):
        keys.log(name, 0)
    with pytest.raises(ValueError, match="must be 1 to 128"):
        keys.board("season", name, 0)


def test_chinese_ids_are_fine() -> None:
    assert keys.info("夏季-2026") == "forecourt:夏季-2026:info"


def test_a_negative_shard_is_refused() -> None:
    with pytest.raises(ValueError, match="shard = -1"):
        keys.log("s", -1)
