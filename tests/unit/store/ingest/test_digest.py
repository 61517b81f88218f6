"""Equal tables have equal digests, different ones different digests."""

from __future__ import annotations

import pyarrow as pa
import pytest

from store.ingest import digest, read_csv
from store.ingest.columns import TypedColumn
from store.ingest.digest import content_sha256


def test_the_way_a_table_is_written_does_not_matter() -> None:
    plain = read_csv(b"a,b,c\n1.5,x,true\n-0.0,,false\n")
    other = read_csv(b'\xef\xbb\xbf"a" , b,"c"\r\n+1.50,"x",TRUE\r\n0e0,NA,False')
    assert plain.sha256 == other.sha256


@pytest.mark.parametrize(
    "other",
    [
        b"a,b\n1,x\n2,z\n",  # a value
        b"a,b\n2,y\n1,x\n",  # the order of rows
        b"b,a\nx,1\ny,2\n",  # the order of columns
        b"A,b\n1,x\n2,y\n",  # a name
        b"a,b\n1,x\n2.5,y\n",  # a value and a type
        b"a,b\n1,x\n,y\n",  # a missing value
        b"a,b\n1,x\n2,y\n2,y\n",  # a row more
        b"a,b\n1,xy\n2,NA\n",  # the same letters in other cells
    ],
)
def test_what_differs_in_content_differs_in_digest(other: bytes) -> None:
    assert read_csv(other).sha256 != read_csv(b"a,b\n1,x\n2,y\n").sha256


def test_the_declared_type_is_part_of_the_content() -> None:
    data = b"a\n1\n2\n"
    digests = {read_csv(data, schema={"a": kind}).sha256 for kind in ("number", "integer", "category")}
    assert len(digests) == 3
    assert read_csv(data).sha256 in digests


def test_a_missing_number_is_not_a_zero_and_a_missing_text_not_an_empty_one() -> None:
    for kind, one, other in (("number", [0.0], [None]), ("boolean", [False], [None]), ("category", [""], [None])):
        first, second = (pa.chunked_array([pa.array(v, pa.array([one[0]]).type)]) for v in (one, other))
        assert content_sha256([TypedColumn("a", kind, first)]) != content_sha256([TypedColumn("a", kind, second)])  # type: ignore[arg-type]


def test_how_the_values_are_chunked_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "BLOCK_ROWS", 2)
    texts = ["a", None, "", "bc", "ä"]
    for values in (texts, [1.0, None, 2.0, 3.0, 4.0], [1, 2, None, 4, 5], [True, None, False, True, True]):
        whole = pa.chunked_array([pa.array(values)])
        split = pa.chunked_array([pa.array(values[:1], whole.type), pa.array(values, whole.type)[1:]])
        kind = {str: "category", float: "number", int: "integer", bool: "boolean"}[type(values[0])]
        one, other = (content_sha256([TypedColumn("a", kind, v)]) for v in (whole, split))  # type: ignore[arg-type]
        assert one == other
