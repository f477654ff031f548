"""Every page, both widths, both languages: nothing overflows, axe finds nothing, no word of the other language."""

import re

import pytest

pytestmark = pytest.mark.journey

PAGES = {
    "": ["/", "/sign-in", "/sign-up", "/forgot-password", "/check-mail", "/listings", "/totals", "/ledger",
         "/ledger/factors", "/ledger/factors/clinker-cn", "/ledger/factors/proxy-cem1", "/materials",
         "/materials/gbfs", "/pages/about", "/pages/method", "/pages/privacy", "/pages/help", "/nowhere"],
    "owner@ironworks.example": ["/work", "/enterprise", "/enterprise/edit", "/enterprise/invite",
                                "/enterprise/sites/new", "/enterprise/licences/new", "/my-listings", "/listings/new",
                                "/listings/new?kind=offer&title=slag", "/exchanges", "/ledger/entries", "/inbox",
                                "/profile", "/profile/password", "/measured-factors", "/measured-factors/new"],
    "district_officer@example.com": ["/work", "/district", "/district/enterprises", "/district/enterprises/1",
                                     "/measured-factors"],
    "auditor@example.com": ["/work", "/ledger/entries"],
    "park_manager@example.com": ["/district"],
}  # fmt: skip
# Names, units and codes that are the same in every language.
SAME = re.compile(
    r"[A-Za-z0-9_.+-]+@[\w.]+|https?://\S+|[A-Z]{2,}[A-Z0-9-]*|\b(?:km|kg|CO₂e|SHA|Merkle|avoided|root)\b"
)


@pytest.mark.parametrize("email", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_fit_and_speak_one_language(person, email, language):
    visitor = person(language)
    if email:
        visitor.sign_in(email)
    found = []
    for path in PAGES[email]:
        visitor.open(path)
        for width in (1280, 390):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            if visitor.overflow() > 0:
                found.append(f"{path} at {width}: overflows by {visitor.overflow()}")
        found += [f"{path}: {v}" for v in visitor.violations()]
        visitor.page.set_viewport_size({"width": 1280, "height": 900})
        heading = visitor.page.inner_text("main h1")
        if language == "zh" and not re.search(r"[\u4e00-\u9fff]", SAME.sub("", heading) or "中"):
            found.append(f"{path}: heading is not Chinese: {heading}")
    visitor.complaints[:] = [c for c in visitor.complaints if "404" not in c]
    assert found == []
