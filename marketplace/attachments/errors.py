"""What can be wrong with an upload."""

from flask_babel import gettext

from marketplace.errors import DomainError


class UnsuitableFile(DomainError):
    """Not a picture or data sheet we keep: wrong kind, broken, empty or too large."""

    status = 422

    def __init__(self, name: str, why: str) -> None:
        self.name, self.why = name, why
        super().__init__(name, why)

    def sentence(self) -> str:
        reasons = {
            "kind": gettext("Only JPEG, PNG and WebP pictures, and PDF."),
            "picture": gettext("Only JPEG, PNG and WebP pictures."),
            "broken": gettext("The picture cannot be read; it may be broken."),
            "empty": gettext("The file is empty."),
            "large": gettext("The file is larger than 20 MB."),
            "many": gettext("At most eight files."),
        }
        return f"{self.name}: {reasons[self.why]}"
