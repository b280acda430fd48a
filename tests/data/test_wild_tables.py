"""Tables that users have: each gives its true values or one clear message."""

import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reluctant.core.errors import ReluctantError
from reluctant.data import from_data, load
from tests.support.wild_inputs import KINDS, ROWS, all_inputs, class_names, messages, write_rows

# Numbers


def test_e7_degrees_of_a_phone_keep_their_digits(tmp_path: Path) -> None:
    """Google Takeout writes latitudes as whole numbers of 1e-7 degrees; 7 steps are 8 cm, float32 has steps of 32."""
    steps = [7 * number for number in range(ROWS)]
    rows = [f"{525200066 + step},{step % 5},{('walk', 'cycle')[step % 2]}" for step in steps]
    path = write_rows(tmp_path / "places.csv", "latitudeE7,accuracy,activity", rows)
    data = load(f"csv(path='{path}', target='activity')")
    assert sorted(all_inputs(data)[:, 0].tolist()) == steps
    assert "525,200,066 is subtracted from the column latitudeE7" in messages(data)


def test_luminosities_beyond_float32_are_refused(tmp_path: Path) -> None:
    """Luminosities of galaxies in erg/s are near 1e44, and float32 ends at 3.4e38."""
    rows = [f"{1 + number / 10:.1f}e+44,{number % 7},{KINDS[number % 2]}" for number in range(ROWS)]
    path = write_rows(tmp_path / "galaxies.csv", "luminosity,redshift,kind", rows)
    with pytest.raises(ReluctantError, match=r"the numbers of the column 'luminosity' go up to 6\.9e\+44"):
        load(f"csv(path='{path}', target='kind')")


def test_thousands_points_beside_decimal_commas_are_refused(tmp_path: Path) -> None:
    """With decimal=',', a German 1.250 is one thousand two hundred and fifty, neither 1.25 nor a text."""
    counts = [f"{900 + 35 * number:,}".replace(",", ".") for number in range(ROWS)]
    rows = [f"{number % 9},5;{count};{KINDS[number % 2]}" for number, count in enumerate(counts)]
    path = write_rows(tmp_path / "umsatz.csv", "laenge;stueck;sorte", rows)
    with pytest.raises(ReluctantError, match="the column 'stueck' holds numbers with a point between thousands"):
        load(f"csv(path='{path}', target='sorte', decimal=',')")


def test_numbers_with_a_unit_are_refused(tmp_path: Path) -> None:
    """The used cars of India on Kaggle have a mileage of '23.4 kmpl', in half as many values as rows."""
    mileages = [f"{12 + (number % 30) * 0.37:.2f} kmpl" for number in range(ROWS)]
    fuels = ("Petrol", "Diesel")
    rows = [f"{2000 + number % 20},{mileage},{fuels[number % 2]}" for number, mileage in enumerate(mileages)]
    path = write_rows(tmp_path / "cars.csv", "year,mileage,fuel", rows)
    with pytest.raises(ReluctantError, match="the column 'mileage' holds numbers with signs or units"):
        load(f"csv(path='{path}', target='fuel')")


def test_typographic_minus_signs_are_refused(tmp_path: Path) -> None:
    """Tables copied from Wikipedia write -5.3 with the sign U+2212; the numbers above zero look as usual."""
    values = [str(round(-6 + number * 0.2, 1)).replace("-", "\u2212") for number in range(ROWS)]
    rows = [f"{value},{number % 4},{KINDS[number % 2]}" for number, value in enumerate(values)]
    path = write_rows(tmp_path / "weather.csv", "temperature,cloud,kind", rows)
    with pytest.raises(ReluctantError, match="the column 'temperature' holds numbers with the minus sign"):
        load(f"csv(path='{path}', target='kind')")


# Headers and footers


def test_row_names_without_a_cell_in_the_header_are_refused(tmp_path: Path) -> None:
    """write.table(mtcars, sep=',') of R writes names of rows, but no cell for them in the header."""
    shapes = ("v", "s")
    rows = [
        f'"Mazda RX{number}",{20 + number / 10:.1f},{100 + number},"{shapes[number % 2]}"' for number in range(ROWS)
    ]
    path = write_rows(tmp_path / "mtcars.csv", '"mpg","hp","shape"', rows)
    with pytest.raises(ReluctantError, match="rows with more fields than the first line names columns"):
        load(f"csv(path='{path}', target='shape')")


def test_a_line_of_units_below_the_header_is_refused(tmp_path: Path) -> None:
    """Data loggers write the units in the second line; the columns of numbers then hold one text each."""
    rows = ["mm,degC,-"] + [f"{number / 7:.3f},{number % 11},{KINDS[number % 2]}" for number in range(ROWS)]
    path = write_rows(tmp_path / "logger.csv", "length,temperature,kind", rows)
    with pytest.raises(ReluctantError, match=r"the column 'length' holds numbers and also 'mm' \(row 1\)"):
        load(f"csv(path='{path}', target='kind')")


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    """iris.data of UCI has no header: with the target 'Iris-setosa', the first flower would be lost silently."""
    names = ("Iris-setosa", "Iris-versicolor")
    rows = [f"{4 + number / 10:.1f},{3 + number / 20:.2f},{names[number % 2]}" for number in range(ROWS)]
    path = write_rows(tmp_path / "iris.data", rows[0], rows[1:])
    with pytest.raises(ReluctantError, match=r"the first line, '4\.0, 3\.00, Iris-setosa', seems to be a row"):
        load(f"csv(path='{path}', target='Iris-setosa')")


def test_the_count_of_rows_below_a_table_is_refused(tmp_path: Path) -> None:
    """psql -A -F, of PostgreSQL ends its table with '(60 rows)', which is no flower."""
    rows = [f"{KINDS[number % 2]},{number / 7:.3f},{number % 5}" for number in range(ROWS)]
    path = write_rows(tmp_path / "flowers.csv", "kind,length,width", [*rows, f"({ROWS} rows)"])
    with pytest.raises(ReluctantError, match=r"the last row has one field, '\(60 rows\)'; remove it"):
        load(f"csv(path='{path}', target='kind')")


# Texts and labels


def test_the_unicode_text_of_excel_is_refused(tmp_path: Path) -> None:
    """'Unicode text' of Excel is UTF-16 with tabs."""
    birds = ("Möwe", "Krähe")
    rows = [f"{number / 7:.3f}\t{number % 5}\t{birds[number % 2]}" for number in range(ROWS)]
    path = write_rows(tmp_path / "voegel.txt", "größe\tzahl\tart", rows, encoding="utf-16")
    with pytest.raises(ReluctantError, match="is not UTF-8 text; save it as UTF-8"):
        load(f"csv(path='{path}', target='art')")


def test_accents_that_are_stored_in_two_ways_are_one_class(tmp_path: Path) -> None:
    """'rosé' typed on a Mac (e and an accent) and on Windows (one letter) look the same."""
    names = ("ros\u00e9", "rose\u0301", "blanc", "rouge")
    rows = [f"{number / 7:.3f},{number % 5},{names[number % 4]}" for number in range(ROWS)]
    path = write_rows(tmp_path / "vins.csv", "alcool,sucre,vin", rows)
    data = load(f"csv(path='{path}', target='vin')")
    assert [unicodedata.normalize("NFC", name) for name in data.classes] == ["blanc", "ros\u00e9", "rouge"]
    assert class_names(data).count(data.classes[1]) == ROWS // 2


def test_an_unused_category_is_no_class() -> None:
    """S < M < L < XL, and nobody bought XL: each name stays with its rows."""
    sizes = ["S", "M", "L"] * (ROWS // 3)
    chest = {"S": 90, "M": 100, "L": 110}
    frame = pd.DataFrame(
        {
            "chest": [chest[size] + number % 5 for number, size in enumerate(sizes)],
            "height": np.random.default_rng(17).normal(size=ROWS),
            "size": pd.Categorical(sizes, categories=["S", "M", "L", "XL"], ordered=True),
        }
    )
    data = from_data((frame, "size"))
    assert class_names(data) == ["SML"[int(value - 90) // 10] for value in all_inputs(data)[:, 0]]
    assert sorted(data.classes) == ["L", "M", "S"]


def test_grades_that_are_partly_numbers_and_partly_texts_are_refused() -> None:
    """'Number stored as text' in some cells of Excel: read_excel gives 1 and '1', which are one class."""
    grades: list[object] = [1, "1", 2, "2"] * (ROWS // 4)
    hours = np.random.default_rng(17).normal(size=ROWS)
    frame = pd.DataFrame({"hours": hours, "grade": pd.Series(grades, dtype=object)})
    with pytest.raises(ReluctantError, match="the column 'grade' holds numbers as texts, such as '1'"):
        from_data((frame, "grade"))
