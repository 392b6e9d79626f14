"""When a recording began, where its name says so, as AudioMoth, SongMeter and most field recorders write it."""

import re
from datetime import UTC, datetime, timedelta, timezone

# 20240131_054500, also with T or - between, and a zone behind: Z, +0100. The T of a triggered AudioMoth is no zone.
DATE = re.compile(r"(?<!\d)(\d{8})[_T-](\d{6})(?!\d)(?:(Z)(?![A-Za-z])|([+-])(\d\d)(00|15|30|45)(?!\d))?")
FARTHEST = 14  # hours from UTC


def recorded_at(name: str) -> datetime | None:
    """The date and time in a file's name (without its folders), with its zone where it says one; None without any."""
    for found in DATE.finditer(name):
        day, time, utc, sign, hours, minutes = found.groups()
        try:
            moment = datetime.strptime(day + time, "%Y%m%d%H%M%S")
        except ValueError:
            continue  # digits that are no date
        if utc:
            return moment.replace(tzinfo=UTC)
        if sign and int(hours) <= FARTHEST:
            ahead = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
            return moment.replace(tzinfo=timezone(ahead))
        return moment
    return None
