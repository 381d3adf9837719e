"""Calls that block the thread they run on, by the dotted name of what is called.

Source: what blockbuster patches (github.com/cbornet/blockbuster), ruff's rules ASYNC210 to ASYNC251, and the documentation of each library. Calls
of files are light: a local disk answers in microseconds, and a network disk does not.
"""

from __future__ import annotations

__all__ = ["kind_of"]

SLEEP, NETWORK, PROCESS, DATABASE, CPU, FILE = "sleep", "network", "process", "database", "cpu", "file"

EXACT = {
    "time.sleep": SLEEP,
    "urllib.request.urlopen": NETWORK,
    "urllib.request.urlretrieve": NETWORK,
    "socket.create_connection": NETWORK,
    "socket.getaddrinfo": NETWORK,
    "socket.gethostbyname": NETWORK,
    "subprocess.run": PROCESS,
    "subprocess.call": PROCESS,
    "subprocess.check_call": PROCESS,
    "subprocess.check_output": PROCESS,
    "subprocess.getoutput": PROCESS,
    "subprocess.getstatusoutput": PROCESS,
    "os.system": PROCESS,
    "os.popen": PROCESS,
    "os.waitpid": PROCESS,
    "hashlib.pbkdf2_hmac": CPU,
    "hashlib.scrypt": CPU,
    "bcrypt.hashpw": CPU,
    "bcrypt.checkpw": CPU,
    "bcrypt.gensalt": CPU,
    "zipfile.ZipFile.extractall": CPU,
    "open": FILE,
    "io.open": FILE,
    "shutil.copy": FILE,
    "shutil.copyfile": FILE,
    "shutil.copytree": FILE,
    "shutil.move": FILE,
    "shutil.rmtree": FILE,
    "shutil.make_archive": CPU,
    "os.walk": FILE,
    "glob.glob": FILE,
    "input": SLEEP,
}
METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "send", "stream"})
# Modules and classes of which every call (or, where METHODS, every request) blocks.
WITHIN = {
    "requests": (NETWORK, METHODS),
    "requests.Session": (NETWORK, METHODS),
    "requests.sessions.Session": (NETWORK, METHODS),
    "httpx": (NETWORK, METHODS),
    "httpx.Client": (NETWORK, METHODS),
    "urllib3.PoolManager": (NETWORK, METHODS | {"urlopen"}),
    "http.client.HTTPConnection": (NETWORK, frozenset({"request", "getresponse", "connect"})),
    "http.client.HTTPSConnection": (NETWORK, frozenset({"request", "getresponse", "connect"})),
    "subprocess.Popen": (PROCESS, frozenset({"wait", "communicate"})),
    "smtplib": (NETWORK, frozenset({"SMTP", "SMTP_SSL"})),
    "ftplib": (NETWORK, frozenset({"FTP", "FTP_TLS"})),
    "psycopg2": (DATABASE, frozenset({"connect"})),
    "psycopg": (DATABASE, frozenset({"connect"})),
    "pymysql": (DATABASE, frozenset({"connect"})),
    "MySQLdb": (DATABASE, frozenset({"connect"})),
    "sqlite3": (DATABASE, frozenset({"connect"})),
    "pymongo": (DATABASE, frozenset({"MongoClient"})),
    "redis.Redis": (DATABASE, None),
    "redis.StrictRedis": (DATABASE, None),
    "boto3.client": (NETWORK, None),
    "boto3.resource": (NETWORK, None),
    "stripe": (NETWORK, frozenset({"create", "retrieve", "list", "modify"})),
    "passlib.context.CryptContext": (CPU, frozenset({"hash", "verify"})),
    "argon2.PasswordHasher": (CPU, frozenset({"hash", "verify"})),
    "PIL.Image": (CPU, frozenset({"open"})),
}  # fmt: skip


def kind_of(meaning: str) -> str:
    """Return `sleep`, `network`, `process`, `database`, `cpu` or `file` for a call that blocks; an empty string for any other.

    Args:
        meaning: The dotted name of what is called, imports replaced: `time.sleep`, `requests.Session.get`.

    """
    if meaning in EXACT:
        return EXACT[meaning]
    owner, _, last = meaning.rpartition(".")
    kind, names = WITHIN.get(owner, ("", frozenset()))
    return kind if kind and (names is None or last in names) and not last.startswith("from_") else ""
