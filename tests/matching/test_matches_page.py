"""The page of matches: order, filters, comparing, and the answer to what is missing; on both databases."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask_babel import force_locale
from sqlalchemy import event

from marketplace.accounts.models import Licence
from marketplace.accounts.policy import VISITOR, viewer_of
from marketplace.calendar import today
from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.listings import service as listings
from marketplace.listings.models import Kind, Listing
from marketplace.matching import comparing, feedback, service
from marketplace.matching.models import DismissalReason
from marketplace.matching.page import MOST_RANKED, MatchWish, Sort, matches_page
from marketplace.matching.why_not import Obstacle, Question, why_not
from marketplace.matching.why_words import sentence_of
from tests.factories import PASSWORD, listing_facts, open_listing, trader

SLAG = {"kind": Kind.WANT, "material": "gbfs"}


@pytest.fixture
def slag(world):
    """An offer of slag with three wants that differ in distance, price and quantity."""
    offer = open_listing(quantity=Decimal(100))
    open_listing("grinding", title="granulated slag for cement, mill", quantity=Decimal(90), price_cny_per_t=30, **SLAG)
    open_listing("third", title="granulated slag for cement, south", quantity=Decimal(10), price_cny_per_t=60, **SLAG)
    open_listing("third", title="granulated slag for cement, asks", quantity=Decimal(2), price_cny_per_t=None, **SLAG)
    return offer


def suggestions(listing, who=None, dismissals=()):
    return service.suggest(listing, who or viewer_of(trader("ironworks")), "en", dismissals, MOST_RANKED)


def shown(listing, **wish):
    page = matches_page(listing, suggestions(listing), MatchWish(**wish))
    return [row.listing.title.split(", ")[1] for row in page.rows]


def ask(listing, text, who=None, wish=None, language="en"):
    who = who or viewer_of(trader("ironworks"))
    fresh = db.session.get_one(Listing, listing.id)
    dismissals = feedback.dismissals_for(fresh) if who.enterprise_id == fresh.enterprise_id else ()
    found = suggestions(fresh, who, dismissals)
    return why_not(str(text), Question(fresh, who, language, found, wish or MatchWish(), dismissals))


def titled(ending):
    return db.session.query(Listing).filter(Listing.title.endswith(ending)).one()


def dismiss(listing, other, reason):
    with transaction():
        feedback.dismiss(listing, other, reason, trader("ironworks"))


@pytest.mark.parametrize(
    ("sort", "first"), [(Sort.NEAR, "mill"), (Sort.AVOIDED, "mill"), (Sort.PRICE, "south"), (Sort.QUANTITY, "mill")]
)
def test_the_order_puts_what_was_asked_for_first(slag, sort, first):
    nearest = min(("mill", "south"), key=lambda t: _distance(slag, titled(t)))
    assert shown(slag, sort=sort)[0] == (nearest if sort in (Sort.NEAR, Sort.AVOIDED) else first)


def test_who_names_no_price_comes_last_by_price(slag):
    assert shown(slag, sort=Sort.PRICE) == ["south", "mill", "asks"]


def test_the_most_likely_come_first_of_themselves(slag):
    scores = [s.match.score for s in suggestions(slag)]
    assert shown(slag) == [s.listing.title.split(", ")[1] for s in suggestions(slag)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        ({"price_from": Decimal(40)}, {"south"}),
        ({"price_to": Decimal(40)}, {"mill"}),
        ({"within_km": Decimal("0.1")}, set()),
        ({"family": "plastics"}, set()),
        ({"family": "slags"}, {"mill", "south", "asks"}),
        ({"is_hazardous": True}, set()),
        ({"is_hazardous": False}, {"mill", "south", "asks"}),
        ({"least_score": 1.0}, set()),
    ],
)
def test_a_filter_leaves_what_passes_it(slag, wish, left):
    assert set(shown(slag, **wish)) == left


def test_a_row_tells_its_figures(slag):
    row = matches_page(slag, suggestions(slag), MatchWish(sort=Sort.QUANTITY)).rows[0]

    assert row.fit.share == 0.9
    assert row.interval is not None
    assert row.interval.low < Decimal(str(row.match.net_avoided_kgco2e_per_t)) < row.interval.high
    assert sum(bar.percent for _, bar in row.bars) + row.rest.percent == round(row.match.score * 100)
    assert 0 < row.cost_cny_per_t_avoided < 100


def test_what_is_here_says_so_and_what_a_filter_hides_names_the_filter(slag):
    mill = titled("mill")
    here = ask(slag, mill.id, wish=MatchWish(sort=Sort.PRICE))
    assert (here.obstacle, here.place) == (Obstacle.HERE, 2)

    hidden = ask(slag, mill.id, wish=MatchWish(price_from=Decimal(40), within_km=Decimal(1)))
    assert hidden.obstacle is Obstacle.HIDDEN
    assert hidden.filters == ("within", "price_from")


@pytest.mark.parametrize("form", ["{0.id}", "#{0.id}", " No. {0.id} ", "http://x.cn/listings/{0.id}?a=1", "{0.title}"])
def test_a_listing_is_found_by_number_address_or_title(slag, form):
    mill = titled("mill")
    assert ask(slag, form.format(mill)).other.id == mill.id


def test_a_number_in_full_width_digits_is_a_number(slag):
    mill = titled("mill")
    assert ask(slag, "".join(chr(ord(c) + 0xFEE0) for c in str(mill.id))).other.id == mill.id


@pytest.mark.parametrize(
    "text", ["999999", "9" * 40, "0", "-1", "http://[", "。。", "no such words anywhere", "/listings/"]
)
def test_nothing_is_known_of_what_does_not_exist(slag, text):
    assert ask(slag, text).obstacle is Obstacle.UNKNOWN


def test_a_stranger_s_draft_is_as_unknown_as_nothing(slag):
    with transaction():
        facts = listing_facts("grinding", title="secret want of slag", **SLAG)
        draft = listings.post(facts, trader("grinding"), "0b0e7d8a-0000-4000-8000-000000000001", publish_now=False)
    assert ask(slag, draft.id).obstacle is Obstacle.UNKNOWN
    assert ask(slag, "secret want of slag").obstacle is Obstacle.UNKNOWN


def test_words_that_several_titles_share_offer_a_choice(slag):
    answer = ask(slag, "granulated slag for cement")
    assert answer.obstacle is Obstacle.SEVERAL
    assert {x.title.split(", ")[1] for x in answer.titles if ", " in x.title} >= {"mill", "south", "asks"}


def test_itself_another_offer_and_its_own_enterprise_s_want(slag):
    another = open_listing("grinding", title="slag of somebody else")
    own = open_listing(title="cement binder for our own works", **SLAG)
    assert ask(slag, slag.id).obstacle is Obstacle.ITSELF
    assert ask(slag, another.id).obstacle is Obstacle.SAME_KIND
    assert ask(slag, own.id).obstacle is Obstacle.OWN_ENTERPRISE


def test_whose_a_listing_is_stays_unsaid_to_a_visitor(slag):
    own = open_listing(title="cement binder for our own works", **SLAG)
    assert ask(slag, own.id, VISITOR).obstacle is Obstacle.WITHHELD


def test_a_closed_and_an_expired_one_say_so(slag):
    mill, south = titled("mill"), titled("south")
    with transaction():
        listings.close(listings.lock(mill.id))
        south = db.session.get_one(Listing, south.id)
        south.available_from, south.available_until = today() - timedelta(days=9), today() - timedelta(days=1)
    assert ask(slag, mill.id).obstacle is Obstacle.NOT_OPEN
    assert ask(slag, south.id).obstacle is Obstacle.EXPIRED


def test_nothing_is_suggested_for_a_closed_listing(slag):
    mill = titled("mill")
    with transaction():
        listings.close(listings.lock(slag.id))
    assert ask(slag, mill.id).obstacle is Obstacle.NOTHING_SUGGESTED


@pytest.mark.parametrize(
    ("reason", "of_it", "of_others"),
    [
        (DismissalReason.PRICE, Obstacle.DISMISSED, Obstacle.HERE),
        (DismissalReason.MATERIAL, Obstacle.DISMISSED, Obstacle.LIKE_DISMISSED),
        (DismissalReason.PARTNER, Obstacle.DISMISSED, Obstacle.LIKE_DISMISSED),
        (DismissalReason.DISTANCE, Obstacle.DISMISSED, Obstacle.TOO_FAR),
    ],
)
def test_what_was_put_aside_names_the_reason(slag, reason, of_it, of_others):
    south, asks = titled("south"), titled("asks")
    dismiss(slag, south, reason)

    assert ask(slag, south.id).obstacle is of_it
    assert ask(slag, south.id).dismissal.reason is reason
    assert ask(slag, asks.id).obstacle is of_others


def test_another_s_dismissals_are_nobody_s_business(slag):
    south = titled("south")
    dismiss(slag, south, DismissalReason.PARTNER)
    assert ask(slag, south.id, viewer_of(trader("grinding"))).obstacle is Obstacle.HERE


def test_hazardous_waste_names_the_want_that_refuses_it_and_the_licence_that_is_missing(slag, world):
    acid = open_listing(title="Spent pickling acid", material="spent-hcl-pickle", is_hazardous=True, hw_code="HW34")
    refusing = open_listing("grinding", title="acid for water treatment", kind=Kind.WANT, material="spent-hcl-pickle")
    taking = open_listing(
        "third", title="acid to regenerate", kind=Kind.WANT, material="spent-hcl-pickle", accepts_hazard=True
    )
    assert ask(acid, refusing.id).obstacle is Obstacle.HAZARD
    assert ask(acid, taking.id).obstacle is Obstacle.NO_LICENCE
    assert ask(acid, taking.id, VISITOR).obstacle is Obstacle.WITHHELD

    with transaction():
        db.session.add(
            Licence(
                enterprise_id=world.third,
                number="1",
                hw_code="HW34",
                yearly_quantity_t=Decimal(9),
                valid_until=today() + timedelta(days=9),
                verified_at=acid.published_at,
            )  # fmt: skip
        )
    assert ask(acid, taking.id).obstacle not in (Obstacle.HAZARD, Obstacle.NO_LICENCE)


def test_a_want_that_the_material_does_not_serve_lacks_a_documented_use(slag):
    bales = open_listing("grinding", title="PET bottle bales for fibre", kind=Kind.WANT, material="pet-bottles")
    answer = ask(slag, bales.id)
    assert answer.obstacle is Obstacle.NO_KNOWN_USE
    assert answer.match is None or answer.match.score < service.LEAST_SCORE


@pytest.mark.parametrize(
    ("title", "language", "sentence"),
    [
        ("cement addition, no slag", "en", "The want says that it takes no slag."),
        ("水泥混合材，不要水渣", "zh", "求购方写明不收：粒化高炉矿渣。"),
    ],
)
def test_a_want_that_refuses_the_material_says_so(slag, title, language, sentence):
    wanting = open_listing("grinding", title=title, kind=Kind.WANT, material="coal-fly-ash")
    answer = ask(slag, wanting.id, language=language)
    assert answer.obstacle is Obstacle.REFUSED
    with force_locale("zh_Hans_CN" if language == "zh" else "en"):
        assert sentence_of(answer, language) == sentence


@pytest.mark.parametrize(
    "texts", [[], ["1"], ["1", "1"], list("12345"), ["1", "x"], ["1", "９"], ["1", "9" * 30], ["1", "-2"]]
)
def test_fewer_than_two_more_than_four_or_no_numbers_are_no_comparison(texts):
    with pytest.raises(comparing.WrongChoice):
        comparing.numbers_of(texts)


def test_a_comparison_keeps_the_order_of_choice(slag):
    wanted = [titled(t).id for t in ("south", "mill", "asks")]
    found = comparing.listings_of(slag, comparing.numbers_of([str(i) for i in wanted]), VISITOR)
    assert [x.id for x in found] == wanted


def test_what_may_not_be_seen_or_is_no_partner_is_not_compared(slag):
    another = open_listing("grinding", title="slag of somebody else")
    for number in (another.id, 999999):
        with pytest.raises(comparing.NotToBeSeen):
            comparing.listings_of(slag, [titled("mill").id, number], VISITOR)


def _distance(one, other):
    return (other.lat - one.lat) ** 2 + (other.lon - one.lon) ** 2


# The pages themselves.


@pytest.fixture
def owner(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    client.post("/sign-in", data={"email": "trader@ironworks.example", "password": PASSWORD})
    return client


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=fastest", "sort"),
        ("view=hologram", "view"),
        ("within=-3", "within"),
        ("within=" + "9" * 40, "within"),
        ("family=unicorns", "family"),
        ("least=90", "least"),
        ("hazard=maybe", "hazard"),
        ("price_from=NaN", "price_from"),
        ("price_from=50&price_to=40", "price_to"),
        ("why=" + "x" * 301, "why"),
        ("show=100000000000", "show"),
        ("show=-1", "show"),
    ],
)
def test_a_wrong_address_says_what_is_wrong_and_keeps_the_rest(owner, slag, query, field):
    answer = owner.get(
        f"/listings/{slag.id}/matches?within=7.5&{query}"
        if field != "within"
        else f"/listings/{slag.id}/matches?{query}"
    )
    assert answer.status_code == 400
    assert 'class="error-summary"' in answer.text
    if field not in ("why", "show", "view"):
        assert f'id="{field}-errors"' in answer.text
    if field != "within":
        assert 'value="7.5"' in answer.text


def test_five_to_compare_are_too_many_and_stay_ticked(owner, slag):
    chosen = [titled(t).id for t in ("south", "mill", "asks")]
    query = "&".join(f"with={i}" for i in [*chosen, 900001, 900002])
    answer = owner.get(f"/listings/{slag.id}/matches/compare?{query}")
    assert answer.status_code == 400
    assert all(f'value="{i}" id="with-{i}" checked' in answer.text for i in chosen)
    assert 'value="900001"' not in answer.text


def test_one_that_may_not_be_seen_ends_the_comparison(owner, slag):
    assert owner.get(f"/listings/{slag.id}/matches/compare?with={titled('mill').id}&with=900001").status_code == 404


def test_a_comparison_marks_what_differs_and_what_is_best(owner, slag):
    mill, south = titled("mill"), titled("south")
    page = owner.get(f"/listings/{slag.id}/matches/compare?with={mill.id}&with={south.id}&sort=near").text
    price = re.search(r'<tr class="differs"><th scope="row">Price.*?</tr>', page, re.S).group(0)
    assert price.index("¥30/t") < price.index("¥60/t") < price.index("best")
    assert '<tr class="same"><th scope="row">Material' in page
    assert f"/listings/{slag.id}/matches?sort=near" in page


def test_chips_take_one_filter_away_and_leave_the_others(owner, slag):
    page = owner.get(f"/listings/{slag.id}/matches?within=50&hazard=no&view=table&show=12").text
    chip = re.search(r'href="([^"]*)" aria-label="Remove at most 50 km"', page).group(1).replace("&amp;", "&")
    assert "within" not in chip
    assert "hazard=no" in chip
    assert "view=table" in chip
    assert "show" not in chip


def test_putting_aside_and_taking_back_lead_to_where_one_was(owner, slag):
    mill = titled("mill")
    back = f"/listings/{slag.id}/matches?sort=price"
    page = owner.get(back).text
    link = re.search(rf'href="(/listings/{slag.id}/not-for-us/{mill.id}\?next=[^"]*)"', page).group(1)

    answer = owner.post(link.replace("&amp;", "&"), data={"reason": "price"})
    assert (answer.status_code, answer.headers["Location"]) == (303, back)
    assert "the price" in owner.get(f"{back}&why={mill.id}").text

    undo = f"/listings/{slag.id}/not-for-us/{mill.id}/undo"
    assert owner.post(undo, data={"next": back}).headers["Location"] == back
    assert owner.post(undo, data={"next": "//evil.example"}).headers["Location"] == f"/listings/{slag.id}"


def test_a_visitor_reads_matches_and_is_offered_no_step(client, slag):
    page = client.get(f"/listings/{slag.id}/matches").text
    assert "granulated slag for cement, mill" in page
    assert "not-for-us" not in page
    assert "Request this match" not in page
    assert "Grinding" not in page


def test_the_answer_leads_to_the_place(owner, slag):
    page = owner.get(f"/listings/{slag.id}/matches?sort=price&why={titled('mill').id}").text
    assert "in place 2" in page
    assert 'id="match-2"' in page
    assert "#match-2" in page


def test_a_closed_listing_s_page_says_why_it_is_empty(owner, slag):
    with transaction():
        listings.close(listings.lock(slag.id))
    assert "Nothing is suggested for this listing: it is Closed." in owner.get(f"/listings/{slag.id}/matches").text


def test_more_are_shown_on_request(owner, slag):
    for i in range(12):
        open_listing("grinding", title=f"granulated slag for cement, no {i}", **SLAG)
    page = owner.get(f"/listings/{slag.id}/matches").text
    assert page.count('name="with"') == 12
    more = re.search(r'href="([^"]*)#match-13"', page).group(1).replace("&amp;", "&")
    assert owner.get(more).text.count('name="with"') == 15


def test_statements_do_not_grow_with_the_matches(app, owner, slag):
    def count(path):
        seen = []
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            assert owner.get(path).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return len([s for s in seen if not s.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])

    pair = "&".join(f"with={titled(t).id}" for t in ("south", "mill"))
    paths = [f"/listings/{slag.id}/matches", f"/listings/{slag.id}/matches?view=table&why={titled('mill').id}",
             f"/listings/{slag.id}/matches/compare?{pair}"]  # fmt: skip
    few = [count(path) for path in paths]
    for i in range(20):
        open_listing("grinding", title=f"granulated slag for cement, no {i}", **SLAG)
    many = [count(path) for path in [f"{paths[0]}?show=24", *paths[1:]]]
    four = "&".join(f"with={x.id}" for x in db.session.query(Listing).filter(Listing.title.like("%, no %")).limit(4))
    assert many == few
    assert max(few) <= 12
    assert count(f"/listings/{slag.id}/matches/compare?{four}") == few[2]
