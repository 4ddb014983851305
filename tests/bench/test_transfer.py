from bench.senders import Cost
from bench.transfer import NAMES, Round, judge

LONG = Cost(size=16 * 10**9, seconds=16, cpu_seconds=8, memory_mib=7)


def a_round(*, memory: float = 7.0, **cpu_per_gb: float) -> Round:
    usual = {
        "raw": 0.5,
        "ours": 0.5,
        "first": 1.0,
        "further": 0.55,
        "curl": 0.6,
        "google": 1.5,
        "hashlib": 0.5,
    }
    return {
        name: Cost(
            size=10**9, seconds=1, cpu_seconds=cpu_per_gb.get(name, usual[name]), memory_mib=memory
        )
        for name in NAMES
    }


def missed(one: list[Round], eight: list[Round], long: Cost = LONG) -> list[str]:
    return [target.what for target in judge(one, eight, long) if not target.held]


def test_every_target_is_held_at_the_limit() -> None:
    one = a_round(ours=0.55, first=1.075, further=0.6)
    eight = a_round(ours=0.55, first=1.075, further=0.6, memory=49.0)
    assert missed([one], [eight]) == []


def test_a_ratio_is_of_one_round_and_the_median_of_them_counts() -> None:
    # The second round is slow for all, the third one for ours alone.
    slow = a_round(raw=5.0, ours=5.0, first=10.0, further=5.5, curl=6.0, google=15.0, hashlib=5.0)
    rounds = [a_round(), slow, a_round(ours=0.9)]
    assert missed(rounds, rounds) == []


def test_the_hash_counts_as_what_it_takes_over_raw_pycurl() -> None:
    assert missed([a_round(first=1.08)], [a_round()]) == [
        "CPU, one: what a first target takes over raw pycurl : hashlib"
    ]


def test_eight_at_once_that_cost_more_than_one_are_a_miss() -> None:
    one, eight = a_round(ours=0.5), a_round(ours=0.53, raw=0.6, curl=0.7)
    assert missed([one], [eight]) == ["CPU per GB, eight at once : one, Castline's engine"]


def test_memory_is_held_for_one_for_each_further_one_and_for_a_long_one() -> None:
    long = Cost(size=16 * 10**9, seconds=16, cpu_seconds=8, memory_mib=25)
    assert missed([a_round(memory=25)], [a_round(memory=68)], long) == [
        "memory above idle, one, MiB",
        "memory, each further one, MiB",
        "memory above idle, one of 16 GiB, MiB",
    ]
