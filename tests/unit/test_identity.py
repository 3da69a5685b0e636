import numpy as np
import pyarrow as pa
import pytest

from rules.decoding.events import COLUMNS, batch_of
from rules.decoding.identity import fingerprint, hash_strings, shard_of

# Pinned: shards and kept identities on disk depend on these. A change is a new data format.
VECTORS = {
    "": (0xE220A8397B1DCDAF, 0x0928AF1D0F79A98B),
    "a": (0xB9F61A3C116BA284, 0x51CFD88FA6621937),
    "forecourt": (0x80115038804887E0, 0xC841A8B2B06BDF40),
    "12345678": (0x001987A819614498, 0x246EA8DCD768F808),
    "123456789": (0x4A49D69A44BC5668, 0x7B2D0E3EB2204385),
    "会员-0001": (0x513D9D7BD3822320, 0x264CCB49058AE569),
    "x" * 128: (0x059851ABD3E006C9, 0x2B80ECBAB35FECAC),
}


def plain_hash(data: bytes, lane: tuple[int, ...]) -> int:
    """Hash the plain way, from the module's own description."""
    start, a, b, shift_1, factor_1, shift_2, factor_2, shift_3 = lane
    top = 2**64 - 1
    state = start
    for number, place in enumerate(range(0, len(data), 8), start=1):
        word = int.from_bytes(data[place : place + 8].ljust(8, b"\0"), "little")
        state ^= word * a & top
        state = ((state << 29 | state >> 35) & top) * b + number & top
    state ^= len(data) * a & top
    for shift, factor in ((shift_1, factor_1), (shift_2, factor_2)):
        state = (state ^ state >> shift) * factor & top
    return state ^ state >> shift_3


LANE_A = (
    0x9E3779B97F4A7C15, 0x87C37B91114253D5, 0x52DCE729DA3ED6B7,
    30, 0xBF58476D1CE4E5B9, 27, 0x94D049BB133111EB, 31,
)  # fmt: skip
LANE_B = (
    0xC2B2AE3D27D4EB4F, 0x4CF5AD432745937F, 0xA0761D6478BD642F,
    31, 0x7FB5D329728EA185, 27, 0x81DADEF4BC2DD44D, 33,
)  # fmt: skip


@pytest.mark.parametrize(("text", "lanes"), VECTORS.items())
def test_pinned_vectors(text: str, lanes: tuple[int, int]) -> None:
    a, b = hash_strings(pa.array([text]))
    assert (int(a[0]), int(b[0])) == lanes


def test_agrees_with_the_plain_hash_for_any_length_and_slice() -> None:
    seed = 20_260_619
    rng = np.random.default_rng(seed)
    texts = ["".join(map(chr, rng.integers(1, 0x2FF, size=n % 70))) for n in range(400)]
    column = pa.array([None, *texts, None, "behind"])
    a, b = hash_strings(column.slice(1, 400))
    for row, text in enumerate(texts):
        data = text.encode()
        assert int(a[row]) == plain_hash(data, LANE_A), (seed, row)
        assert int(b[row]) == plain_hash(data, LANE_B), (seed, row)


def test_null_hashes_as_empty_text_and_neighbours_do_not_matter() -> None:
    a, _ = hash_strings(pa.array([None, "", "ab", "cd"]))
    assert a[0] == a[1]
    alone, _ = hash_strings(pa.array(["ab"]))
    assert a[2] == alone[0]
    empty, _ = hash_strings(pa.array([], pa.string()))
    assert len(empty) == 0


def test_blocks_of_a_long_column_hash_alike() -> None:
    texts = pa.array([f"e{n % 999}" for n in range(40_000)])
    for whole, few in zip(hash_strings(texts), hash_strings(texts.slice(0, 999)), strict=True):
        assert np.array_equal(whole, few[np.arange(40_000) % 999])


def test_trailing_zero_bytes_count() -> None:
    a, b = hash_strings(pa.array(["a", "a\0", "a\0\0\0\0\0\0\0", "a\0\0\0\0\0\0\0\0"]))
    assert len(set(a.tolist())) == len(set(b.tolist())) == 4


def test_no_collision_among_a_million_alike_and_even_bits() -> None:
    texts = pa.array([f"till-{n % 7}-{n:08d}" for n in range(200_000)])
    for lane in hash_strings(texts):
        assert len(np.unique(lane)) == len(texts)
        bits = (lane[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
        share = bits.mean(axis=0)
        # 200,000 fair coins stay within five standard deviations of a half.
        assert np.all(np.abs(share - 0.5) < 5 * 0.5 / np.sqrt(len(texts)))


def test_one_changed_bit_changes_half_of_the_hash() -> None:
    rng = np.random.default_rng(5)
    texts = ["".join(map(chr, rng.integers(97, 122, size=12))) for _ in range(2_000)]
    changed = [chr(ord(text[0]) ^ 1) + text[1:] for text in texts]
    for before, after in zip(
        hash_strings(pa.array(texts)), hash_strings(pa.array(changed)), strict=True
    ):
        flipped = np.bitwise_count(before ^ after)
        assert 31 < flipped.mean() < 33


def test_lanes_are_independent() -> None:
    a, b = hash_strings(pa.array([str(n) for n in range(50_000)]))
    assert 31.5 < np.bitwise_count(a ^ b).mean() < 32.5


def test_shards_are_stable_and_even() -> None:
    members = pa.array([f"m{n:07d}" for n in range(80_000)])
    shard = shard_of(members, 8)
    assert shard.dtype == np.int32
    counts = np.bincount(shard, minlength=8)
    assert counts.sum() == 80_000
    assert np.all(np.abs(counts - 10_000) < 500)
    assert shard_of(pa.array(["m0000001", "会员"]), 8).tolist() == PINNED_SHARDS
    assert set(shard_of(members, 1).tolist()) == {0}
    with pytest.raises(ValueError, match="shards = 0"):
        shard_of(members, 0)


PINNED_SHARDS = [3, 6]


def batch(**given: object) -> pa.RecordBatch:
    values = {
        "event_id": "e", "type": "purchase", "member": "m", "at_us": 5, "litres_ml": 1_000,
        "product": "92", "amount_fen": 800,
    } | given  # fmt: skip
    kinds = {part.name: part.type for part in COLUMNS}
    arrays = {}
    for name, value in values.items():
        kind = kinds[name]
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        arrays[name] = pa.array([value], kind)
    return batch_of(arrays)


def test_every_field_beside_the_identity_is_in_the_fingerprint() -> None:
    first = fingerprint(batch())[0]
    assert fingerprint(batch())[0] == first
    others = {
        "type": "refund", "at_us": 6, "station": "s",
        "product": "95", "litres_ml": None, "amount_fen": 801, "pay": "card", "order": "o",
        "ref": "r", "score": 0, "coupon": "c", "item": "i", "points": 0, "lines": "[]",
        "attributes": "{}",
    }  # fmt: skip
    assert set(others) == set(COLUMNS.names) - {"event_id", "member"}
    assert fingerprint(batch(event_id="f", member="n"))[0] == first
    prints = [first, *(fingerprint(batch(**{name: value}))[0] for name, value in others.items())]
    assert len(set(prints)) == len(prints)


def test_the_same_text_in_two_fields_differs() -> None:
    assert fingerprint(batch(order="x"))[0] != fingerprint(batch(ref="x"))[0]
    assert fingerprint(batch(litres_ml=7, amount_fen=8)) != fingerprint(
        batch(litres_ml=8, amount_fen=7)
    )


def test_fingerprints_ignore_dictionaries_and_batches() -> None:
    one, other = batch(product="92"), batch(product="95")
    joined = (
        pa.Table.from_batches([other, one]).unify_dictionaries().combine_chunks().to_batches()[0]
    )
    assert fingerprint(joined)[1] == fingerprint(one)[0]
    assert fingerprint(joined.slice(1))[0] == fingerprint(one)[0]
