"""Checks our whole days against numpy's: business_days.py HOLIDAYS.CSV CASES.CSV."""

import csv
import sys

import numpy as np

AT_LEAST = 100_000


def business_days(holidays):
    """A calendar of numpy. Its weeks have seven days, since it knows of no Saturday that is worked now and then."""
    with open(holidays, encoding="utf-8") as file:
        kinds = {np.datetime64(row["date"]): row["kind"] for row in csv.DictReader(file)}
    off = []
    for day in np.arange("2016-01-01", "2029-01-01", dtype="datetime64[D]"):
        weekend = (day.astype(int) + 3) % 7 >= 5
        kind = kinds.get(day, "weekend" if weekend else "ordinary")
        if kind not in ("ordinary", "swapped_working_day"):
            off.append(day)
    return np.busdaycalendar(weekmask="1111111", holidays=off)


def main(holidays, cases):
    calendar = business_days(holidays)
    with open(cases, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= AT_LEAST, f"only {len(rows)} cases"
    wrong = 0
    for what in ("due", "worked"):
        chosen = [row for row in rows if row["what"] == what]
        assert len(chosen) >= AT_LEAST // 2, f"only {len(chosen)} of {what}"
        start, end = (np.array([row[name] for row in chosen], "datetime64[D]") for name in ("from", "to"))
        days = np.array([row["days"] for row in chosen], int)
        if what == "due":
            agrees = np.busday_offset(start, days, roll="backward", busdaycal=calendar) == end
        else:
            agrees = np.busday_count(start, end, busdaycal=calendar) == days
        for index in np.flatnonzero(~agrees)[:10]:
            print("differs:", chosen[index], file=sys.stderr)
        wrong += int((~agrees).sum())
    print(f"{len(rows)} cases, {wrong} differ from numpy {np.__version__}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
