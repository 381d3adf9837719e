-- What a value is, however it was written. One place for the traps: see tests/logs/test_values.py.
-- seconds until the year 5138 stay below 1e11, milliseconds since 1973 above; and so on by thousands
create or replace temp macro as_time(v) as coalesce(
    try_cast(v as timestamptz),
    case when try_cast(v as double) is null then coalesce(
            try_cast(regexp_replace(v, '(:\d\d),(\d+)', '\1.\2') as timestamptz),
            try_cast(try_strptime(v, '%d/%b/%Y:%H:%M:%S %z') as timestamptz),
            try_cast(try_strptime(replace(v, ' UTC', '+0000'), ['%Y-%m-%d %H:%M:%S.%f%z', '%Y-%m-%d %H:%M:%S%z']) as timestamptz))
        when not (try_cast(v as double) between 1e8 and 1e19) then null
        when try_cast(v as double) < 1e11 then to_timestamp(try_cast(v as double))
        when try_cast(v as double) < 1e14 then to_timestamp(try_cast(v as double) / 1e3)
        when try_cast(v as double) < 1e17 then to_timestamp(try_cast(v as double) / 1e6)
        else to_timestamp(try_cast(v as double) / 1e9)
    end);

create or replace temp macro path_of(v) as split_part(split_part(
    case when starts_with(v, '/') then v else regexp_replace(v, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*', '') end, '?', 1), '#', 1);
create or replace temp macro query_of(v) as nullif(split_part(split_part(v, '?', 2), '#', 1), '');

-- a uuid before digits in the alternation: digits first would cut a uuid that begins with digits
create or replace temp macro template_of(path) as regexp_replace(path,
    '/(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]+|[0-9a-fA-F]{16,64}|[A-Za-z]+_[0-9A-Za-z]{8,})\b',
    '/{id}', 'g');
