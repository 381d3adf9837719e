"""Redis' own log: pid, role, local time, level sign, message."""

from __future__ import annotations

from helpers.logs.format import Column, LineFormat, column, text, whole

_LEVEL = "case \"sign\" when '.' then 'DEBUG' when '-' then 'VERBOSE' when '*' then 'NOTICE' when '#' then 'WARNING' end"

FORMAT = LineFormat(
    "redis_log",
    columns={
        "timestamp": Column('"at"', "cast(try_strptime(\"at\", '%d %b %Y %H:%M:%S.%g') as timestamptz)"),
        "severity_text": column(_LEVEL),
        "body": text("message"),
        "process_pid": whole("pid"),
        "db_system_name": column("'redis'"),
    },
    pattern=r"^(?P<pid>\d+):(?P<role>[XCSM]) (?P<at>\d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2}\.\d{3}) (?P<sign>[.\-*#]) (?P<message>.*)$",
)
