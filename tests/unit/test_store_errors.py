import pytest
from redis import exceptions as redis_errors

from actors.store.errors import ServerUnsuitable, StoreUnavailable, translated


@pytest.mark.parametrize(
    "error",
    [
        redis_errors.ConnectionError("refused"),
        redis_errors.TimeoutError("no answer"),
        redis_errors.BusyLoadingError("loading the dataset"),
        redis_errors.ReadOnlyError("a replica"),
        redis_errors.OutOfMemoryError("maxmemory"),
        redis_errors.ResponseError("MISCONF Errors writing to the AOF file: No space left"),
        redis_errors.ResponseError("BUSY a script runs"),
        OSError("no such socket"),
    ],
)
def test_passing_troubles_are_unavailability_and_say_what_was_done(error: Exception) -> None:
    with pytest.raises(StoreUnavailable, match=f"cannot count: .*{error}"), translated("count"):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        redis_errors.ResponseError("WRONGTYPE not a stream"),
        redis_errors.DataError("a dict"),
        KeyError("k"),
    ],
)
def test_programming_errors_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)), translated("count"):
        raise error


def test_a_refused_user_is_told_apart() -> None:
    with pytest.raises(ServerUnsuitable, match="user and password"), translated("count"):
        raise redis_errors.AuthenticationError("WRONGPASS")
    with pytest.raises(ServerUnsuitable, match="ACL"), translated("count"):
        raise redis_errors.NoPermissionError("no xadd")
