"""Whose a key is: the first request's, until it is answered, given back or abandoned."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest

from domain.errors import Conflict
from store.engine import Store
from store.queries.publishing.claims import (
    ABANDONED_AFTER,
    answer_claim,
    claim_key,
    discard_claim,
    renew_claim,
)
from store.tables import IdempotencyClaim
from tests.store.conftest import Tenant

ANSWER = {"id": "asg_1", "payload": {"title": "Größe", "tags": []}, "error": None}


@dataclass(frozen=True)
class Desk:
    """Where a workspace's requests claim the key `k`, each in a transaction of its own."""

    store: Store
    tenant: Tenant

    @property
    def key(self) -> dict[str, str]:
        return {"workspace_id": self.tenant.workspace.id, "key": "k"}

    def claim(self, group_id: str, fingerprint: str = "f") -> str:
        """The group of the request that has the key afterwards."""
        with self.store.write() as session:
            earlier = claim_key(session, group_id=group_id, fingerprint=fingerprint, **self.key)
        return earlier.group_id if earlier else group_id

    def answer(self, group_id: str, answer: dict[str, Any]) -> None:
        with self.store.write() as session:
            answer_claim(session, group_id=group_id, answer=answer, **self.key)

    def discard(self, group_id: str) -> None:
        with self.store.write() as session:
            discard_claim(session, group_id=group_id, **self.key)

    def renew(self, group_id: str) -> None:
        with self.store.write() as session:
            renew_claim(session, group_id=group_id, **self.key)

    def row(self) -> IdempotencyClaim | None:
        with self.store.read() as session:
            return session.get(IdempotencyClaim, tuple(self.key.values()))

    def let_it_be_abandoned(self) -> None:
        with self.store.write() as session:
            session.get_one(
                IdempotencyClaim, tuple(self.key.values())
            ).created_at -= ABANDONED_AFTER


@pytest.fixture
def desk(store: Store, tenant: Tenant) -> Desk:
    return Desk(store, tenant)


def test_a_key_is_claimed_once_per_workspace(desk: Desk, stranger: Tenant) -> None:
    assert desk.claim("grp_1") == "grp_1"
    assert desk.claim("grp_2") == "grp_1"
    assert Desk(desk.store, stranger).claim("grp_3") == "grp_3"


def test_a_claim_that_is_asked_for_again_is_still_ours(desk: Desk) -> None:
    assert [desk.claim("grp_1"), desk.claim("grp_1")] == ["grp_1", "grp_1"]


def test_of_many_claims_at_once_one_wins(desk: Desk) -> None:
    start = Barrier(4)

    def claim(group_id: str) -> str:
        start.wait()
        return desk.claim(group_id)

    with ThreadPoolExecutor(4) as pool:
        owners = set(pool.map(claim, ("grp_1", "grp_2", "grp_3", "grp_4")))
    assert len(owners) == 1


def test_the_answer_is_kept_as_it_was_given(desk: Desk) -> None:
    desk.claim("grp_1")
    desk.answer("grp_1", ANSWER)
    kept = desk.row()
    assert kept is not None
    assert kept.answer is not None
    assert list(kept.answer.items()) == list(ANSWER.items())


def test_the_key_of_a_request_that_failed_is_free(desk: Desk) -> None:
    desk.claim("grp_1")
    desk.discard("grp_1")
    assert desk.claim("grp_2", "another body") == "grp_2"


def test_what_is_answered_is_not_given_back(desk: Desk) -> None:
    desk.claim("grp_1")
    desk.answer("grp_1", ANSWER)
    desk.discard("grp_1")
    assert desk.claim("grp_2") == "grp_1"


def test_a_dead_request_is_succeeded_by_the_same_body_alone(desk: Desk) -> None:
    desk.claim("grp_1")
    assert desk.claim("grp_2") == "grp_1"
    desk.let_it_be_abandoned()
    assert desk.claim("grp_2", "another body") == "grp_1"
    assert desk.claim("grp_3") == "grp_3"
    assert desk.claim("grp_4") == "grp_3"


def test_a_request_that_gives_a_sign_of_life_is_not_succeeded(desk: Desk) -> None:
    desk.claim("grp_1")
    desk.let_it_be_abandoned()
    desk.renew("grp_2")
    desk.renew("grp_1")
    assert desk.claim("grp_3") == "grp_1"


def test_what_another_has_taken_is_not_renewed(desk: Desk) -> None:
    desk.claim("grp_1")
    desk.let_it_be_abandoned()
    desk.renew("grp_2")
    assert desk.claim("grp_2") == "grp_2"


def test_what_is_answered_is_never_abandoned(desk: Desk) -> None:
    desk.claim("grp_1")
    desk.answer("grp_1", ANSWER)
    desk.let_it_be_abandoned()
    assert desk.claim("grp_2") == "grp_1"


def test_a_claim_from_before_answers_were_kept_stands_by_its_assignments(desk: Desk) -> None:
    group_id = desk.tenant.assignment().group_id
    desk.claim(group_id)
    desk.let_it_be_abandoned()
    assert desk.claim("grp_2") == group_id


def test_who_was_succeeded_changes_nothing(desk: Desk) -> None:
    desk.claim("grp_1")
    desk.let_it_be_abandoned()
    desk.claim("grp_2")
    desk.discard("grp_1")
    with pytest.raises(Conflict) as caught:
        desk.answer("grp_1", ANSWER)
    assert caught.value.code == "in_flight"
    left = desk.row()
    assert left is not None
    assert (left.group_id, left.answer) == ("grp_2", None)


def test_an_answer_without_its_claim_fails_the_transaction(desk: Desk) -> None:
    desk.claim("grp_1")
    desk.discard("grp_1")
    with pytest.raises(Conflict):
        desk.answer("grp_1", ANSWER)
