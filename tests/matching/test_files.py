"""Bad files to `flask match rank` and `evaluate`: a clear error with its line, and nothing half-written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.files import BrokenFile, read_listings, write_whole

OFFER = {
    "id": "o1", "lang": "en", "title": "Granulated blast furnace slag", "description": "", "quantity": "10",
    "unit": "t", "rhythm": "once", "hazard": "none", "lat": 31.4, "lon": 121.4,
}  # fmt: skip
WANT = {
    "id": "w1", "lang": "zh", "title": "矿物掺合料", "description": "", "quantity": "10", "unit": "t",
    "rhythm": "month", "accepts_hazard": False, "lat": 31.4, "lon": 121.4,
}  # fmt: skip
FIVE_MEGABYTES = 5_000_000

# What stands in line 2 → what the message says of it, besides the file and the line.
SAME_FOR_BOTH = {
    "{": "no JSON: Expecting property name",
    '{"id": "2"': "no JSON: Expecting ',' delimiter at character 11",
    "[1, 2]": "a JSON object is wanted",
    "null": "a JSON object is wanted",
    '"text"': "a JSON object is wanted",
    "[" * 100_000: "no JSON that can be read",
    '{"quantity": ' + "9" * 5000 + "}": "no JSON that can be read",
    "want\toffer\t3": "no JSON",
}
CHANGES = [
    ({"unit": "ton"}, 'unknown unit "ton"; one of "t", "kg"'),
    ({"unit": None}, "unknown unit null"),
    ({"unit": ["t"]}, 'unknown unit ["t"]'),
    ({"rhythm": "hourly"}, 'unknown rhythm "hourly"; one of "once", "day"'),
    ({"lang": "de"}, 'unknown lang "de"'),
    ({"quantity": "many"}, 'quantity must be a number, not "many"'),
    ({"quantity": "nan"}, 'quantity must be a number from 0, not "nan"'),
    ({"quantity": "-1"}, "quantity must be a number from 0"),
    ({"quantity": "1e999"}, "quantity must be a number from 0"),
    ({"quantity": True}, "quantity must be a number, not true"),
    ({"quantity": int("9" * 400)}, "quantity must be a number, not 9999"),
    ({"lat": 900}, "lat must be a number between -90 and 90, not 900"),
    ({"lon": float("nan")}, "lon must be a number between -180 and 180"),
    ({"lat": None}, "lat must be a number, not null"),
    ({"title": None}, "title must be a text, not null"),
    ({"description": {"en": "x"}}, "description must be a text"),
    ({"title": "\ud83d"}, "title holds half of a character"),
    ({"id": ""}, "id must be a text"),
    ({"id": False}, "id must be a text, not false"),
    ({"id": "a\tb"}, r'id "a\tb" cannot stand in a run'),
    ({"id": "\udc00"}, r'id "\udc00" cannot stand in a run'),
    ({"price_cny_per_t": "dear"}, 'price_cny_per_t must be a number, not "dear"'),
    ({"price_cny_per_t": "inf"}, 'price_cny_per_t must be a number that is finite, not "inf"'),
    ({"available_from": "soon"}, 'available_from must be a day such as 2026-12-31, not "soon"'),
    ({"available_until": 20261231}, "available_until must be a day such as 2026-12-31, not 20261231"),
    ({"codes": "170504"}, 'codes must be a list of texts, not "170504"'),
    ({"codes": [170504]}, "codes must be a list of texts, not [170504]"),
    ({"codes": ["\ud83d"]}, "codes must be a list of texts"),
    ({"description": "x" * FIVE_MEGABYTES}, "title and description are longer than 200000 characters"),
    ({"title": "矿" * FIVE_MEGABYTES}, "title and description are longer than 200000 characters"),
]
OF_OFFERS = [
    ({"hazard": "Hazardous"}, 'unknown hazard "Hazardous"; one of "none", "hazardous"'),
    ({"hazard": True}, "unknown hazard true"),
]
OF_WANTS = [
    ({"accepts_hazard": "yes"}, 'unknown accepts_hazard "yes"; one of false, true'),
    ({"accepts_hazard": 1}, "unknown accepts_hazard 1"),
]


@pytest.fixture
def files(tmp_path):
    """Two right files, and a result of an earlier run."""
    for name, line in (("offers", OFFER), ("wants", WANT)):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("w1\to1\t3\n", encoding="utf-8")
    for name in ("run.tsv", "why.jsonl"):
        (tmp_path / name).write_text("of an earlier run\n", encoding="utf-8")
    return tmp_path


def rank(app, files, *more):
    arguments = [f"--offers={files / 'offers.jsonl'}", f"--wants={files / 'wants.jsonl'}", f"--out={files / 'run.tsv'}"]
    return app.test_cli_runner().invoke(args=["match", "rank", *arguments, *more])


def evaluate(app, files):
    arguments = [f"--{name.split('.')[0]}={files / name}" for name in ("offers.jsonl", "wants.jsonl", "qrels.tsv")]
    return app.test_cli_runner().invoke(args=["match", "evaluate", *arguments])


def assert_refused(answer, files, words):
    """One line that says what is wrong, nobody's traceback, and the folder as it was."""
    assert answer.exit_code == 1, answer.output
    assert type(answer.exception) is SystemExit
    assert answer.output.startswith("Error: ")
    assert words in answer.output
    assert answer.output.count("\n") == 1
    assert len(answer.output) < 600
    assert {p.name for p in files.iterdir()} == {"offers.jsonl", "wants.jsonl", "qrels.tsv", "run.tsv", "why.jsonl"}
    assert (files / "run.tsv").read_text() == (files / "why.jsonl").read_text() == "of an earlier run\n"


def second_lines(first, changes):
    """Wrong second lines of a file with what is said of them: no JSON, each field left out, each wrong value."""
    yield from SAME_FOR_BOTH.items()
    for name in first:
        yield (
            json.dumps({k: v for k, v in first.items() if k != name} | ({} if name == "id" else {"id": "2"})),
            (f"field '{name}' is missing"),
        )
    for change, words in [*CHANGES, *changes]:
        yield json.dumps(first | {"id": "2"} | change), words
    yield json.dumps(first), f'id "{first["id"]}" stands twice, first in line 1'


@pytest.mark.parametrize(("name", "first", "changes"), [("offers", OFFER, OF_OFFERS), ("wants", WANT, OF_WANTS)])
def test_a_wrong_line_is_named_with_its_file_and_number_and_nothing_is_written(app, files, name, first, changes):
    path = files / f"{name}.jsonl"
    for line, words in second_lines(first, changes):
        path.write_text(f"{json.dumps(first)}\n{line}\n", encoding="utf-8")
        answer = rank(app, files, f"--explain={files / 'why.jsonl'}")
        assert_refused(answer, files, f"{path}:2: {words}")


@pytest.mark.parametrize("name", ["offers", "wants"])
@pytest.mark.parametrize("content", [b"", b"\n \n\r\n", b"\xef\xbb\xbf"])
def test_a_file_without_listings_is_refused(app, files, name, content):
    (files / f"{name}.jsonl").write_bytes(content)

    assert_refused(rank(app, files), files, f"{name}.jsonl:1: the file holds no {name[:-1]}")
    assert_refused(evaluate(app, files), files, f"{name}.jsonl:1: the file holds no {name[:-1]}")


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b'\xff\xfe{"id": 1}', ":3: byte 1 is no UTF-8"), ('{"id": "矿"}'.encode("gb18030"), ":3: byte 9 is no UTF-8"),
     (b"\x00" * 100, ":3: no JSON")],
)  # fmt: skip
def test_what_is_no_utf_8_is_named_with_its_line(app, files, raw, words):
    path = files / "offers.jsonl"
    path.write_bytes(json.dumps(OFFER).encode() + b"\n\n" + raw + b"\n")

    assert_refused(rank(app, files), files, f"{path}{words}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ":1: the file holds no judgement"),
        ("w1 o1 3\n", ":1: want, offer and a grade from 0 to 3"),
        ("w1\to1\t3\nw1\to1\t2\n", ":2: w1 and o1 are judged twice"),
        ("w1\to1\t4\n", ":1: want, offer and a grade"),
        ("\nw1\to9\t1\n", ":2: unknown listing o9"),
        ("w1\to1\t0\n", ": no want has an offer of grade 2 or 3"),
    ],
)
def test_broken_judgements_stop_an_evaluation(app, files, text, words):
    (files / "qrels.tsv").write_text(text, encoding="utf-8")

    assert_refused(evaluate(app, files), files, f"qrels.tsv{words}")


def test_results_that_cannot_be_written_are_refused_before_the_work(app, files):
    offers, run = files / "offers.jsonl", files / "run.tsv"
    assert_refused(rank(app, files, f"--explain={files / 'missing' / 'x'}"), files, "missing: no such folder")
    assert_refused(rank(app, files, f"--explain={run}"), files, f"{run} is named twice")
    assert_refused(rank(app, files, f"--explain={offers}"), files, f"{offers} is named twice")
    assert json.loads(offers.read_text()) == OFFER


def test_all_results_are_written_or_none(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("former")

    def breaks():
        yield "half of it"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_whole({first: ["new"], second: breaks()})

    assert [p.name for p in tmp_path.iterdir()] == ["first"]
    assert first.read_text() == "former"


def test_what_other_programs_write_is_read(app, files):
    """A byte order mark, blank lines, the line ends of Windows, more fields, numbers where texts are usual."""
    more = {"source": "ERP", "quantity": 12.5, "id": 7}
    text = "\ufeff" + json.dumps(OFFER) + "\r\n\r\n" + json.dumps(OFFER | more, ensure_ascii=False)
    (files / "offers.jsonl").write_bytes(text.encode())

    answer = rank(app, files, f"--explain={files / 'why.jsonl'}")

    assert answer.exit_code == 0, answer.output
    assert answer.output == "2 pairs of 1 wants and 2 offers\n"
    assert {line.split("\t")[1] for line in (files / "run.tsv").read_text().splitlines()} == {"o1", "7"}
    assert len((files / "why.jsonl").read_text().splitlines()) == 2


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(OFFER)), values, max_size=4), st.sampled_from(["", "x", "{", "\x00"]))
def test_no_line_breaks_more_than_its_file(tmp_path_factory, change, rest):
    """Whatever a line holds, it is a listing or a BrokenFile that names the line."""
    path = tmp_path_factory.mktemp("any") / "offers.jsonl"
    path.write_text(json.dumps(OFFER | change) + rest + "\n", encoding="utf-8")
    try:
        (listing,) = read_listings(path, is_offer=True)
    except BrokenFile as refused:
        assert str(refused).startswith(f"{path}:1: ")  # noqa: PT017 - either outcome is right
    else:
        assert listing.title == (OFFER | change)["title"]
