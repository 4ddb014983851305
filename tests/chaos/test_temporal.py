"""Which of the running workflows a fault means."""

from chaos.deeds import TerminateWorkflow
from chaos.temporal import pick_workflow

RUNNING = [
    ("DeliveryWorkflow", "delivery/b"),
    *((("AssignmentWorkflow", f"assignment/{number}")) for number in range(100)),
    ("DeliveryWorkflow", "delivery/a"),
    ("CareWorkflow", "care"),
]


def test_every_type_is_meant_as_often_as_any_other_however_many_run() -> None:
    types = [
        pick_workflow(RUNNING, TerminateWorkflow(pick, 0.0)).partition("/")[0]
        for pick in (0.0, 0.3, 0.34, 0.6, 0.67, 0.999)
    ]
    assert types == ["assignment", "assignment", "care", "care", "delivery", "delivery"]


def test_the_same_fault_means_the_same_workflow_in_whatever_order_they_are_listed() -> None:
    for pick in (0.0, 0.5, 0.999):
        fault = TerminateWorkflow(0.9, pick)
        assert pick_workflow(RUNNING, fault) == pick_workflow(RUNNING[::-1], fault)
    picked = {pick_workflow(RUNNING, TerminateWorkflow(0.9, pick)) for pick in (0.0, 0.999)}
    assert picked == {"delivery/a", "delivery/b"}
