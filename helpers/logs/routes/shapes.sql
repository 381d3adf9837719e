-- Paths of requests that did not fail, their ids being {id}, and how many there were of each
-- $parts: one path in so many is looked at
-- returns: shape, requests
select template_of(url_path) as shape, count(*) as requests
from entries
where url_path is not null and coalesce(http_route, '') = '' and coalesce(http_response_status_code, 200) < 400
    and hash(template_of(url_path)) % $parts = 0
group by shape
