-- What a value is, however it was written. One place for the traps: see tests/logs/test_values.py.
-- seconds until the year 5138 stay below 1e11, milliseconds since 1973 above; and so on by thousands
create or replace temp macro as_epoch(v) as to_timestamp(case
    when not (v between 1e8 and 1e19) then null when v < 1e11 then v when v < 1e14 then v / 1e3 when v < 1e17 then v / 1e6 else v / 1e9 end);

-- a zone's abbreviation counts only where it means one thing: BST, IST and CST mean several, and as many hours
create or replace temp macro offset_of(zone) as map {
    'UTC': '+00', 'GMT': '+00', 'WET': '+00', 'WEST': '+01', 'CET': '+01', 'CEST': '+02', 'EET': '+02', 'EEST': '+03', 'MSK': '+03',
    'EST': '-05', 'EDT': '-04', 'CDT': '-05', 'MST': '-07', 'MDT': '-06', 'PST': '-08', 'PDT': '-07', 'AKST': '-09', 'AKDT': '-08', 'HST': '-10',
    'JST': '+09', 'KST': '+09', 'AEST': '+10', 'AEDT': '+11', 'NZST': '+12', 'NZDT': '+13'}[zone];

create or replace temp macro as_named(v) as case when contains(v, '/') then try_cast(v as timestamptz) else try_cast(
    regexp_replace(v, ' ?[A-Za-z]+$', '') || offset_of(upper(regexp_extract(v, '[A-Za-z]+$'))) as timestamptz) end;

create or replace temp macro as_written(v) as coalesce(
    try_cast(regexp_replace(regexp_replace(v, '(:\d\d),(\d+)', '\1.\2'), ' ([+-]\d\d(?::?\d\d)?)$', '\1') as timestamptz),
    try_cast(try_strptime(v, '%d/%b/%Y:%H:%M:%S %z') as timestamptz));

create or replace temp macro as_time(v) as case
    when right(v, 1) between '0' and '9' or ends_with(v, 'Z') or ends_with(v, ' UTC')
    then coalesce(case when v[5] = '-' then try_cast(v as timestamptz) end, as_epoch(try_cast(v as double)), as_written(v))
    else as_named(replace(v, ',', '.')) end;

-- NaN and infinity are numbers to a database, and make every sum one
create or replace temp macro as_number(v) as case when isfinite(try_cast(v as double)) then try_cast(v as double) end;

create or replace temp macro path_of(v) as split_part(split_part(
    case when starts_with(v, '/') then v else regexp_replace(v, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*', '') end, '?', 1), '#', 1);
create or replace temp macro query_of(v) as nullif(split_part(split_part(v, '?', 2), '#', 1), '');

-- a uuid before digits in the alternation: digits first would cut a uuid that begins with digits; a name_with_words is none, one with digits is
create or replace temp macro shape_of(path) as regexp_replace(path,
    '/(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]+|[0-9a-fA-F]{16,64}|[A-Za-z]+_(?:[A-Za-z]*[0-9][0-9A-Za-z]{5,}|[A-Za-z]{5,}[0-9][0-9A-Za-z]*))\b',
    '/{id}', 'g');

-- the route of a path; helpers.logs.routes makes it know given and learned templates
create or replace temp macro template_of(path) as shape_of(path);
