"""The training of profile-guided builds."""

from benches import training


def test_every_request_of_the_training_gets_its_answer() -> None:
    """A build that learned from wrong answers would be laid out for them; so it stops instead."""
    training.main()
