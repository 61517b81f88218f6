"""CSV files as people have them, and what is said of those that are broken."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.ingest import IngestedTable, IngestError, Limits, names, read_csv

SMALL = Limits(max_rows=5, max_columns=4, max_cell_characters=10, max_categories=3)


def refused(data: bytes, **options: object) -> IngestError:
    with pytest.raises(IngestError) as caught:
        read_csv(data, **options)  # type: ignore[arg-type]
    return caught.value


def types(table: IngestedTable) -> dict[str, str]:
    return {column["name"]: column["type"] for column in table.columns}


def test_each_column_gets_the_narrowest_type_that_all_its_cells_have() -> None:
    table = read_csv(b"n,i,b,c\n1.5,1,true,red\n2,2,FALSE,blue\n")
    assert types(table) == {"n": "number", "i": "integer", "b": "boolean", "c": "category"}
    assert table.table.to_pydict() == {"n": [1.5, 2.0], "i": [1, 2], "b": [True, False], "c": ["red", "blue"]}


def test_quotes_newlines_blank_lines_and_a_byte_order_mark_are_read_as_rfc_4180_says() -> None:
    table = read_csv('\ufeff"a",b\r\n1,"x\ny"\r\n\r\n2,"say ""no"""\r\n'.encode())
    assert table.table.to_pydict() == {"a": [1, 2], "b": ["x\ny", 'say "no"']}


def test_a_file_is_read_from_bytes_a_path_or_an_open_file_alike(tmp_path: Path) -> None:
    data = b"a,b\n1,x\n"
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    assert read_csv(data).sha256 == read_csv(path).sha256 == read_csv(io.BytesIO(data)).sha256


def test_names_are_trimmed_composed_and_an_index_is_named() -> None:
    assert list(types(read_csv(",  größe ,e\u0301\n7,1,2\n".encode()))) == ["column_1", "größe", "é"]


@pytest.mark.parametrize(
    ("data", "code", "unparseable"),
    [
        (b"", "empty_file", True),
        (b"\n\r\n", "empty_file", True),
        (b"\xef\xbb\xbf", "empty_file", True),
        (b"a,b", "header_only", False),
        (b"a,b\n\n", "header_only", False),
        (b"a,a\n1,2\n", "duplicate_column", False),
        (b"a, a \n1,2\n", "duplicate_column", False),
        (b",column_1\n1,2\n", "duplicate_column", False),
        (b"a,\n1,2\n", "empty_column_name", False),
        (b"a,b\n1\n", "ragged_row", False),
        (b"a\n1\ninf\n", "infinite_number", False),
        (b"a\n1\n-Infinity\n", "infinite_number", False),
        (b"a\n1\n3.5e38\n", "number_out_of_range", False),
        (b"a\n1\n" + b"9" * 5000 + b"\n", "number_out_of_range", False),
        (b"a\n\xff\n", "not_utf8", True),
        (b"a\ncaf\xc3", "not_utf8", True),
        ("a\n1\n".encode("utf-16"), "not_utf8", True),
        (b"a\n1\x002\n", "nul_byte", True),
        (b'a,b\n1,"2\n3,4\n', "unclosed_quote", True),
        (b'a,b\n"1,2\n3,4\n', "unclosed_quote", True),
        (b'a,"b\n1,2\n3,4\n', "unclosed_quote", True),
        (b'a,size"\n', "header_only", False),
        (b'a,"b\nb"\n', "header_only", False),
    ],
)
def test_a_broken_file_is_refused_by_name(data: bytes, code: str, *, unparseable: bool) -> None:
    error = refused(data)
    assert (error.code, error.unparseable) == (code, unparseable)


def test_ragged_rows_are_counted_from_one_over_quoted_newlines_and_blank_lines() -> None:
    error = refused(b'a,b\n1,"x\ny"\n\n2\n3,4\n5,6,7\n')
    assert [(p.code, p.row) for p in error.problems] == [("ragged_row", 2), ("ragged_row", 4)]
    assert "1 fields where the header has 2" in error.detail


def test_no_more_than_twenty_problems_are_told_the_first_rows_first() -> None:
    ragged = refused(b"a,b\n" + b"1\n" * 50)
    assert [p.row for p in ragged.problems] == list(range(1, 21))
    cells = refused(b"a,b\n" + b"x,1\n" * 30 + b"1,y\n", schema={"a": "number", "b": "number"})
    assert [p.row for p in cells.problems] == list(range(1, 21))


def test_problems_of_several_columns_come_in_the_order_of_their_rows() -> None:
    error = refused(b"a,b\n1,inf\n2,1e39\n-Infinity,3\n")
    assert [(p.code, p.row, p.column) for p in error.problems] == [
        ("infinite_number", 1, "b"),
        ("number_out_of_range", 2, "b"),
        ("infinite_number", 3, "a"),
    ]


@pytest.mark.parametrize(
    ("kind", "cell", "code"),
    [
        ("number", "red", "not_a_number"),
        ("number", "0x1F", "not_a_number"),
        ("number", "1_000", "not_a_number"),
        ("number", "inf", "infinite_number"),
        ("integer", "1.5", "not_an_integer"),
        ("integer", "9007199254740993", "integer_out_of_range"),
        ("integer", "99999999999999999999", "integer_out_of_range"),
        ("boolean", "yes", "not_a_boolean"),
    ],
)
def test_a_cell_that_is_not_of_the_declared_type_is_named_by_row_and_column(kind: str, cell: str, code: str) -> None:
    error = refused(f"id,a\nx,1\ny,{cell}\n".encode(), schema={"a": kind})
    assert [(p.code, p.row, p.column) for p in error.problems] == [(code, 2, "a")]
    assert cell in error.detail


def test_a_declared_type_overrides_the_inferred_one() -> None:
    data = b"zip,on,n,c\n03100,1,007,5\n,0,,6\n"
    table = read_csv(data, schema={"zip": "number", "on": "boolean", "n": "integer", "c": "category"})
    assert table.table.to_pydict() == {"zip": [3100.0, None], "on": [True, False], "n": [7, None], "c": ["5", "6"]}


def test_a_schema_that_names_no_column_or_no_type_is_refused_with_the_nearest_name() -> None:
    error = refused(b"length,width\n1,2\n", schema={"lenght": "number", "width": "float"})
    assert [(p.code, p.column) for p in error.problems] == [("unknown_column", "lenght"), ("unknown_type", "width")]
    assert "'length'" in error.detail


def test_no_more_than_twenty_nearest_names_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(names, "nearest", lambda name, _known: asked.append(name))
    refused(b"a\n1\n", schema={f"x{i}": "number" for i in range(1000)})
    assert len(asked) == 20


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert len(refused(b"a\n1\n" + b"x" * 1000 + b"\n", schema={"a": "number"}).detail) < 150


@pytest.mark.parametrize(
    ("data", "code", "row"),
    [
        (b"a\n" + b"1\n" * 6, "too_many_rows", None),
        (b"a,b,c,d,e\n1,2,3,4,5\n", "too_many_columns", None),
        (b"a\n1\n" + b"x" * 11 + b"\n", "cell_too_long", 2),
    ],
)
def test_each_limit_has_its_own_error(data: bytes, code: str, row: int | None) -> None:
    error = refused(data, limits=SMALL)
    assert (error.code, error.problems[0].row) == (code, row)


def test_a_long_cell_after_a_ragged_row_is_not_told_under_a_wrong_number() -> None:
    error = refused(b"a,b\n1\n2," + b"x" * 11 + b"\n", limits=SMALL)
    assert [(p.code, p.row) for p in error.problems] == [("ragged_row", 1)]


def test_what_is_exactly_at_the_limits_is_taken() -> None:
    data = "a,b,c,d\n" + "1,2,3,ßßßßßßßßßß\n" * 5
    assert read_csv(data.encode(), limits=SMALL).rows == 5


def test_a_header_of_very_many_names_is_refused_before_it_is_parsed() -> None:
    assert refused(b"," * 3_000_000).code == "too_many_columns"


def test_commas_in_a_quoted_header_and_bare_carriage_returns_do_not_count_as_columns() -> None:
    assert list(types(read_csv(b'"a,b,c,d,e",f\r1,2\r3,4\r', limits=SMALL))) == ["a,b,c,d,e", "f"]


def test_a_row_longer_than_a_parser_block_is_read() -> None:
    wide = ",".join(f"c{i}" for i in range(200)) + "\n" + ",".join(["x" * 50_000] * 200) + "\n"
    assert read_csv(wide.encode()).rows == 1


def test_a_row_longer_than_the_largest_block_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.ingest.csv_text._BLOCK", 64)
    monkeypatch.setattr("store.ingest.csv_text._LARGEST_BLOCK", 64)
    long = b'a,b\n1,2\n3,"' + b"x\n" * 200
    error = refused(long + b'"\n' + b"5,6\n" * 40)
    assert (error.code, error.unparseable) == ("row_too_long", False)
    error = refused(long)
    assert (error.code, error.unparseable) == ("unclosed_quote", True)


def test_not_utf8_and_nul_say_the_byte_and_the_row_even_beyond_the_first_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.ingest.text_bytes.CHUNK", 5)
    error = refused(b'a,b\n1,"x\ny"\n2,\xffq\n')
    assert (error.code, error.problems[0].row) == ("not_utf8", 2)
    assert "byte 14 " in error.detail
    # a character that begins in one chunk is broken off in the next
    assert "byte 4 (row 1)" in refused(b"a,b\n\xc3q,1\n").detail
    assert "header" in refused(b"a\0,b\n1,2\n").detail
    # a character that lies across two chunks is no error
    assert read_csv("ääää,b\n1,2\n".encode()).rows == 1


def test_an_inch_mark_in_an_unquoted_cell_is_text() -> None:
    assert read_csv(b'pipe,n\n5",1\n6,"two\nlines"\n').rows == 2
    assert read_csv(b'pipe,n\n5",1\n6,2\n').table.to_pydict() == {"pipe": ['5"', "6"], "n": [1, 2]}


PIECES = st.sampled_from(
    [
        b"a",
        b"b",
        b",",
        b",",
        b"\n",
        b"\n",
        b'"',
        b"\r",
        b"1",
        b"0",
        b"-",
        b".",
        b"e",
        b" ",
        b"inf",
        b"NA",
        b"true",
        b"\x00",
        b"\xff",
        b"\xc3",
        b"\xa4",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b";",
        b"\t",
        b"'",
        b"\\",
    ]
)


@given(st.lists(PIECES, max_size=40).map(b"".join))
@example(b"\x1f\x8b\x08\x00")
@example(b"PAR1")
@example(b"\r\n,\r\n")
@example(b'"')
@example(b'"\n"')
@example(b'a\n"')
@settings(max_examples=500, deadline=None)
def test_no_file_whatever_does_anything_but_become_a_table_or_be_refused_by_name(data: bytes) -> None:
    try:
        table = read_csv(data)
    except IngestError as error:
        problems = error.problems
    else:
        problems = []
        assert table.rows > 0
        assert table.table.num_columns == len(table.columns)
        json.dumps([table.columns, table.warnings], allow_nan=False, ensure_ascii=False).encode()
    assert len(problems) <= 20
    json.dumps([vars(problem) for problem in problems], ensure_ascii=False).encode()
