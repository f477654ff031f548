"""What all domain errors have in common. Each part raises its own, with the facts a person needs."""


class DomainError(Exception):
    """A rule of the domain was broken; one handler per face turns it into a sentence."""

    status = 409

    def sentence(self) -> str:
        """The translated sentence for the person who caused it."""
        raise NotImplementedError
