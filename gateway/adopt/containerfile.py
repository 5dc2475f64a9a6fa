"""The Containerfile: multi-stage, a production server, no root, a health check."""

from pathlib import PurePosixPath

from gateway.adopt.application import Entry
from gateway.adopt.facts import Facts

HEALTH_PORT = 8081
HEAD = "# Written by tidegate-adopt; tidegate/report.md says why. `tidegate-adopt --undo` removes it.\n"
EXPORTS = {
    "uv.lock": "RUN pip install uv && uv export --frozen --no-dev --no-emit-project > /tmp/requirements.txt",
    "poetry.lock": "RUN pip install poetry poetry-plugin-export && poetry export --output /tmp/requirements.txt",
    "Pipfile.lock": "RUN pip install pipenv && pipenv requirements > /tmp/requirements.txt",
}
PROJECTS = {"uv.lock": "pyproject.toml", "poetry.lock": "pyproject.toml", "Pipfile.lock": "Pipfile"}
INSTALLS = {
    "package-lock.json": "npm ci", "npm-shrinkwrap.json": "npm ci", "yarn.lock": "corepack yarn install --immutable",
    "pnpm-lock.yaml": "corepack pnpm install --frozen-lockfile", "": "npm install",
}  # fmt: skip


def containerfile(entry: Entry, facts: Facts) -> str:
    """Its text."""
    return HEAD + (_node(entry, facts) if entry.protocol == "node" else _python(entry, facts))


def command(entry: Entry) -> str:
    """How the application is served, for a shell: PORT and WEB_CONCURRENCY are variables."""
    if entry.protocol == "node":
        return f"node --import /app/tidegate/node/inject.mjs {entry.spec}"
    if entry.protocol == "wsgi":
        # Known since gunicorn 25: an application's own may be older.
        control = "" if "gunicorn" in entry.packages else "--no-control-socket "
        return (
            f"gunicorn {control}--bind 0.0.0.0:$PORT --workers ${{WEB_CONCURRENCY:-2}} --worker-tmp-dir /dev/shm "
            f'--graceful-timeout 25 "{entry.spec}"'
        )
    spec = f"--factory {entry.spec.removesuffix('()')}" if entry.is_factory else entry.spec
    return f"uvicorn --host 0.0.0.0 --port $PORT --timeout-graceful-shutdown 25 {spec}"


def _python(entry: Entry, facts: Facts) -> str:
    folder = _folder(entry)
    settings = f" \\\n    DJANGO_SETTINGS_MODULE={entry.settings}" if entry.settings else ""
    variables = f"PORT={facts.port} TIDEGATE_HEALTH_PORT={HEALTH_PORT}{_left_in_charge(entry)}{settings}"
    return f"""\
FROM docker.io/library/python:{facts.version}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /app
{_requirements(facts)}
# What the application has keeps its versions: what is put beside it must fit.
RUN pip list --format=freeze > /tmp/constraints.txt
COPY tidegate/requirements.txt tidegate/requirements.txt
RUN pip install --constraint /tmp/constraints.txt --requirement tidegate/requirements.txt
COPY . .
{_package(facts)}{_static(entry)}
FROM docker.io/library/python:{facts.version}-slim
RUN useradd --system --uid 10001 --no-create-home application
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \\
    PYTHONPATH=/app/tidegate/python:{folder} {variables}
WORKDIR {_started_in(entry)}
USER 10001
EXPOSE {facts.port} {HEALTH_PORT}
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD \\
    ["python", "-S", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:{HEALTH_PORT}/healthz', timeout=2)"]
CMD ["sh", "-c", "exec {command(entry).replace('"', chr(92) + '"')}"]
"""


def _left_in_charge(entry: Entry) -> str:
    """Variables by which what the application sets up itself is not set up beside it."""
    off = {"opentelemetry": " TIDEGATE_TRACES=off", "sentry": " TIDEGATE_REPORTS=off"}
    return "".join(off[each] for each in entry.observed_by)


def _folder(entry: Entry) -> str:
    return str(PurePosixPath("/app") / entry.root)


def _started_in(entry: Entry) -> str:
    """Where `src` holds the packages, applications are started one above."""
    folder = PurePosixPath(_folder(entry))
    return str(folder.parent if folder.name in ("src", "lib") else folder)


def _requirements(facts: Facts) -> str:
    file = PurePosixPath(facts.installed_by)
    if file.name in EXPORTS:
        project = file.with_name(PROJECTS[file.name])
        place = str(file.parent) + "/"
        export = EXPORTS[file.name].replace("RUN ", f"RUN cd {place} && ")
        return f"COPY {project} {file} {place}\n{export}\nRUN pip install --requirement /tmp/requirements.txt"
    if file.suffix == ".txt":
        files = f"{file.parent}/ " if file.parent.name == "requirements" else f"{file.with_name('requirements*.txt')} "
        return f"COPY {files}{file.parent}/\nRUN pip install --requirement {file}"
    if facts.installed_by:
        return f"COPY . .\nRUN pip install ./{file.parent}"
    return "# No file says what the application needs: it has the standard library alone."


def _package(facts: Facts) -> str:
    has_dependencies = facts.installed_by.endswith((".txt", ".lock"))
    return "RUN pip install --no-deps .\n" if facts.is_package and has_dependencies else ""


def _static(entry: Entry) -> str:
    if entry.framework != "Django" or entry.static is None:
        return ""
    variables = " ".join(f"{name}=unset" for name in entry.variables)
    variables += f" DJANGO_SETTINGS_MODULE={entry.settings}"
    return f"RUN cd {_folder(entry)} && {variables} python -m django collectstatic --noinput\n"


def _node(entry: Entry, facts: Facts) -> str:
    folder, file = _folder(entry), PurePosixPath(facts.installed_by)
    place = str(PurePosixPath(entry.root)) + "/"
    files = f"{place}package.json {file}" if facts.installed_by else f"{place}package.json"
    install = INSTALLS[file.name if facts.installed_by else ""]
    built = f"RUN cd {folder} && npm run build\n" if facts.is_built else ""
    pruned = f"RUN cd {folder} && npm prune --omit=dev\n" if install.startswith("npm") else ""
    return f"""\
FROM docker.io/library/node:{facts.version}-slim AS build
WORKDIR /app
COPY {files} {place}
RUN cd {folder} && {install}
COPY tidegate/node/ tidegate/node/
RUN npm ci --omit=dev --ignore-scripts --prefix tidegate/node
COPY . .
{built}{pruned}
FROM docker.io/library/node:{facts.version}-slim
COPY --from=build /app /app
ENV NODE_ENV=production PORT={facts.port} TIDEGATE_HEALTH_PORT={HEALTH_PORT}{_left_in_charge(entry)}
WORKDIR {folder}
USER node
EXPOSE {facts.port} {HEALTH_PORT}
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD \\
    ["node", "-e", "fetch('http://127.0.0.1:{HEALTH_PORT}/healthz').then((answer) => process.exit(answer.ok ? 0 : 1))"]
CMD ["node", "--import", "/app/tidegate/node/inject.mjs", "{entry.spec}"]
"""
