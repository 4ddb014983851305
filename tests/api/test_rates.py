"""The rate limiter: how much is allowed, when it is allowed again, and in how much memory."""

from api.rates import WINDOW, RateLimiter


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def allowed(limiter: RateLimiter, client: str, times: int) -> int:
    return sum(limiter.take(client) is not None for _ in range(times))


def test_a_quota_may_be_used_at_once_and_comes_back_evenly() -> None:
    clock = Clock()
    limiter = RateLimiter("key", 60, clock=clock)
    assert allowed(limiter, "a", 100) == 60
    assert allowed(limiter, "b", 1) == 1
    clock.now += WINDOW / 4
    assert allowed(limiter, "a", 100) == 15
    clock.now += WINDOW
    assert allowed(limiter, "a", 100) == 60


def test_it_says_what_is_left_and_when_to_ask_again() -> None:
    clock = Clock()
    limiter = RateLimiter("key", 60, clock=clock)
    first = limiter.take("a")
    assert first is not None
    assert (first.remaining, first.full_in, first.retry_after) == (59, 1, 0)
    allowed(limiter, "a", 59)
    empty = limiter.look("a")
    assert (empty.remaining, round(empty.full_in), round(empty.retry_after)) == (0, 60, 1)
    clock.now += empty.retry_after
    assert allowed(limiter, "a", 2) == 1


def test_looking_costs_nothing() -> None:
    limiter = RateLimiter("key", 2, clock=Clock())
    for _ in range(10):
        assert limiter.look("a").remaining == 2


def test_nobody_is_reset_by_a_crowd_of_others() -> None:
    clock = Clock()
    limiter = RateLimiter("address", 10, clock=clock, capacity=100)
    assert allowed(limiter, "attacker", 20) == 10
    crowd = sum(allowed(limiter, f"other {number}", 1) for number in range(1000))
    # 99 more have a quota of their own, and all the rest share one.
    assert crowd == 99 + 10
    assert allowed(limiter, "attacker", 1) == 0


def test_who_has_not_come_for_long_makes_room() -> None:
    clock = Clock()
    limiter = RateLimiter("address", 10, clock=clock, capacity=100)
    for number in range(100):
        limiter.take(f"other {number}")
    clock.now += WINDOW
    assert allowed(limiter, "somebody new", 20) == 10
    assert not limiter.knows("other 0")
    assert limiter.knows("other 1")
