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
    then coalesce(case when substr(v, 5, 1) = '-' then try_cast(v as timestamptz) end, as_epoch(try_cast(v as double)), as_written(v))
    else as_named(replace(v, ',', '.')) end;

-- NaN and infinity are numbers to a database, and make every sum one
create or replace temp macro as_number(v) as case when isfinite(try_cast(v as double)) then try_cast(v as double) end;

create or replace temp macro path_of(v) as split_part(split_part(
    case when starts_with(v, '/') then v else regexp_replace(v, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*', '') end, '?', 1), '#', 1);
create or replace temp macro query_of(v) as nullif(split_part(split_part(v, '?', 2), '#', 1), '');

-- a uuid before digits in the alternation: digits first would cut a uuid that begins with digits; a name_with_words is none, one with digits is
create or replace temp macro path_shape_of(path) as regexp_replace(path,
    '/(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]+|[0-9a-fA-F]{16,64}|[A-Za-z]+_(?:[A-Za-z]*[0-9][0-9A-Za-z]{5,}|[A-Za-z]{5,}[0-9][0-9A-Za-z]*))\b',
    '/{id}', 'g');

-- the route of a path; helpers.logs.routes makes it know given and learned templates
create or replace temp macro template_of(path) as path_shape_of(path);

-- the spelling of what follows is one that sqlglot carries to other engines: see helpers/logs/beyond
create or replace temp macro route_of(route, path) as coalesce(nullif(route, ''), template_of(path));
create or replace temp macro utc_of(us) as make_timestamp(us);
create or replace temp macro us_of(v) as cast(v * 1000000 as bigint);

-- a stack trace as text, also where structlog wrote its frames as JSON
create or replace temp macro trace_of(v) as regexp_replace(v,
    '"filename": ?"([^"]*)", ?"lineno": ?([0-9]+), ?"name": ?"([^"]*)"', '
File "\1", line \2, in \3
', 'g');
-- frames of installed packages and of the language's own library are not own code: what is left out here
create or replace temp macro without_foreign(trace) as regexp_replace(trace,
    '(?m)^[ \t]*(?:File "(?:<|[^"\n]*(?:site-packages|dist-packages|[Ll]ib[/\\]python[0-9.]+|[Pp]ython[0-9]*[/\\][Ll]ib|python[0-9]+\.zip)[/\\])[^\n]*|at [^\n]*(?:node_modules[/\\]|\bnode:|[( ]internal/|<anonymous>)[^\n]*|at (?:[a-z.]+/)?(?:java|javax|jdk|sun)\.[^\n]*)$',
    '', 'g');
create or replace temp macro own_frames(trace) as array_to_string(regexp_extract_all(without_foreign(trace),
    '(?m)^[ \t]*(?:File "[^"\n]+", line [0-9]+, in [^\r\n]+|at [^\r\n]*:[0-9]+(?::[0-9]+)?\)?)', 0), '
');
-- the three nearest to what failed: Python writes them last, JavaScript and Java first; without lines, columns and hashes, which change with each build
create or replace temp macro place_of(trace) as regexp_replace(regexp_replace(
    case when own_frames(trace) like '%File "%' then regexp_extract(own_frames(trace), '(?:[^\n]+\n){0,2}[^\n]+\z', 0)
        else regexp_extract(own_frames(trace), '\A[^\n]+(?:\n[^\n]+){0,2}', 0) end,
    ', line [0-9]+|:[0-9]+|[0-9a-f]{8,}', '', 'g'), '(?m)^[ \t]+', '', 'g');
-- what was raised last stands behind the frames, which are indented; elsewhere the first line that names an error says it
create or replace temp macro raised_of(trace) as
    regexp_extract(trace, '(?s).*Traceback \(most recent call last\):\r?\n(?:[ \t\r][^\n]*\n|\n)*((?:\w+\.)*\w+(?::[^\r\n]*)?)', 1);
create or replace temp macro named_of(trace) as regexp_extract(trace,
    '(?m)^[^\w\n]*(?:Uncaught |unhandledRejection: )?((?:\w+\.)*\w*(?:Error|Exception|Warning|Exit|Interrupt|Timeout)\w*(?::[^\r\n]*|\r?$))', 1);
create or replace temp macro line_of(trace) as coalesce(nullif(raised_of(trace), ''), named_of(trace));
create or replace temp macro class_of(trace) as coalesce(
    nullif(regexp_extract(trace, '"exc_type": ?"([^"]*)"', 1), ''), nullif(regexp_extract(line_of(trace), '^(?:\w+\.)*(\w+)', 1), ''));
create or replace temp macro said_by(trace) as coalesce(
    nullif(replace(replace(regexp_extract(trace, '"exc_value": ?"((?:[^"\\]|\\[^n])*)', 1), '\"', '"'), '\\', '\'), ''), nullif(regexp_extract(line_of(trace), '^[\w.]+: ?(.*)', 1), ''));
-- a message without its values: what is quoted, addresses of people, uuids, hashes, and every word or number with a digit in it
create or replace temp macro shape_of(message) as regexp_replace(regexp_replace(message,
    '"[^"\n]*"|`[^`\n]*`|[^\s@<>]+@[^\s@<>]+', '?', 'g'),
    '\B''[^''\n]*''\B|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[A-Za-z]*[0-9][A-Za-z0-9_.:]*|[a-f]{16,}', '?', 'g');
-- words of text, to look an id up as a whole: `r1` is not in `r10`; what an SQL comment percent-encoded counts as between words
create or replace temp macro words_of(v) as ' ' || regexp_replace(v, '(?:%[0-9A-F]{2}|[^0-9A-Za-z_])+', ' ', 'g') || ' ';
create or replace temp macro says(v, id) as contains(v, regexp_extract(id, '[0-9A-Za-z_]+', 0)) and contains(words_of(v), words_of(id));
