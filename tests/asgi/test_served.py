"""The middleware on real servers: what it sees while the application is in trouble, and that it is not in the way."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.asgi.serving import GUNICORN, served
from tests.waiting import eventually

WAITING = {"GET /thread/{seconds}": 5}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served app")) as found:
        yield found


def test_a_blocked_loop_names_file_line_function_callee_and_route(app):
    """The innermost line of own code, not the handler that called it."""
    app.get("/blocks/0.6")
    stall = app.line("stall", lambda line: not line.get("goes_on") and line["blocked_ms"] >= 500)
    line = (app.folder / "app.py").read_text().splitlines().index("    time.sleep(seconds)") + 1
    assert (stall["code_file_path"], stall["code_line_number"], stall["code_function_name"]) == ("app.py", line, "work")
    assert (stall["http_route"], stall["code_text"]) == ("GET /blocks/{seconds}", "time.sleep(seconds)")


def test_lines_come_while_the_loop_stands_still(app):
    """They are written by a thread of their own."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(app.get, "/blocks/2.5")
        stall = app.line("stall", lambda line: line.get("goes_on"))
        app.line("runtime", lambda line: line["loop_lag_ms"]["max"] > 900)
        assert not asked.done()
    assert stall["http_route"] == "GET /blocks/{seconds}"


def test_requests_are_counted_by_route_and_never_by_path(app):
    """A path is unbounded, and may hold what is private."""
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(app.get, f"/waits/{seconds}") for seconds in (1.1, 1.2, 1.3)]
        line = app.line("runtime", lambda line: line["in_flight"]["by_route"].get("GET /waits/{seconds}") == 3)
        assert (line["in_flight"]["total"], [one.result().status_code for one in asked]) == (3, [200] * 3)
    assert "/waits/1.1" not in app.text()


def test_a_full_thread_pool_is_told_with_who_waits(tmp_path):
    """All tokens are taken, work waits for one, and the routes that use them are named."""
    with served(tmp_path) as app, ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(app.get, "/thread/20") for _ in range(45)]
        line = app.line("runtime", lambda line: line["threads"]["waiting_by_route"] == WAITING and 5 in line["looks"]["threads_waiting"])
        app.get("/opened")
        assert {one.result().status_code for one in asked} == {200}
    assert (line["threads"]["used"], line["threads"]["total"], line["threads"]["waiting"]) == (40, 40, 5)
    assert line["threads"]["by_route"] == {"GET /thread/{seconds}": 40}
    assert [(at["code_function_name"], at["callee"], at["n"]) for at in line["threads"]["at"]] == [("thread", "threading.Event.wait", 40)]


@pytest.mark.parametrize(("path", "function"), [("/waits/2", "waits"), ("/depends", "held")])
def test_where_a_request_waits_is_told_behind_middlewares_and_in_dependencies(app, path, function):
    """The handler, or the generator it depends on; not the middleware that calls the next."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(app.get, path)
        line = app.line("waits", lambda line: any(one["code_function_name"] == function for one in line["waiting"]))
        asked.result()
    assert [one["callee"] for one in line["waiting"] if one["code_function_name"] == function] == ["asyncio.tasks.sleep"]


@pytest.mark.parametrize("preload", [(), ("--preload",)], ids=["", "preload"])
def test_each_gunicorn_worker_watches_itself(tmp_path, preload):
    """Forked before or after the application was made."""
    with served(tmp_path, *GUNICORN, *preload) as app:
        workers = set()
        eventually(lambda: workers.add(app.get("/ping").json()["pid"]) or len(workers) == 2)
        eventually(lambda: {line["pid"] for line in app.lines("runtime")} >= workers)
    assert app.process.pid not in {line["pid"] for line in app.lines("runtime")}


def test_a_sane_request_id_is_kept_and_given_back(app):
    """The caller's own, so that both sides' logs can be joined."""
    answer = app.get("/ping", headers={"x-request-id": "edge-7f3a:1"})
    assert (answer.json()["id"], answer.headers["x-request-id"]) == ("edge-7f3a:1", "edge-7f3a:1")


@pytest.mark.parametrize("given", ["a" * 200, "x y", "id\tinjected", "<b>", "'; drop table orders"])
def test_a_strange_request_id_is_replaced(app, given):
    """What others send is written to logs that others read."""
    answer = app.get("/ping", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == answer.json()["id"], len(answer.json()["id"])) == (True, 32)


def test_log_records_carry_id_and_route_in_tasks_and_threads(app):
    """The standard library's logging, by a filter on the handler."""
    app.get("/waits/0", headers={"x-request-id": "stamped-1"})
    for said in ("waited", "in a thread"):
        assert f"{said} [stamped-1 GET /waits/{{seconds}}]" in app.text()


def test_an_exception_passes_through_and_the_next_request_is_served(app):
    """The server sees what it would have seen."""
    assert (app.get("/fails").status_code, app.get("/ping").status_code) == (500, 200)
    app.line("runtime", lambda line: line["in_flight"]["total"] == 0)


def test_a_pool_that_cannot_be_asked_is_left_out(app):
    """Nothing of it reaches the application."""
    assert app.line("runtime")["pools"] == {}
