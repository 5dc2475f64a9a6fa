"""What is told of an application: on the terminal, and in tidegate/report.md."""

from gateway.adopt.application import Found
from gateway.adopt.facts import Facts


def summary(found: Found, facts: Facts) -> list[tuple[str, str]]:
    """What was found, by name."""
    entry = found.entry
    runtime = "Node" if entry.protocol == "node" else "Python"
    return [
        ("entry point", f"`{entry.spec}` in `{entry.root}`"),
        ("framework", f"{entry.framework} ({entry.protocol.upper() if entry.protocol != 'node' else runtime})"),
        ("confidence", f"{found.confidence}: {found.why}"),
        ("runs on", f"{runtime} {facts.version}, found with {entry.runtime}"),
        ("installed by", f"`{facts.installed_by}`" if facts.installed_by else "no lock or requirements file"),
        ("port", str(facts.port)),
        ("database drivers", ", ".join(entry.databases) or "none loaded"),
        ("static files", "collected or served by the framework" if entry.static else "none"),
        ("migrations", "yes; run them as before" if entry.migrates else "none found"),
        ("observability of its own", ", ".join(entry.observed_by) or "none"),
        ("variables that it reads", ", ".join(f"`{name}`" for name in facts.variables) or "none"),
    ]


def report(found: Found, facts: Facts, files: list[str], kept: list[str]) -> str:
    """tidegate/report.md: nothing in it changes from run to run."""
    rows = "".join(f"| {name} | {value} |\n" for name, value in summary(found, facts))
    routes = "".join(f"| `{route.path}` | {', '.join(route.methods)} |\n" for route in found.entry.routes)
    stayed = f"\nThese were there and are as they were: {', '.join(f'`{name}`' for name in kept)}.\n" if kept else ""
    return f"""\
# Adopted by tidegate-adopt

| what | found |
| --- | --- |
{rows}
No line of the application is changed. These files were added, and `tidegate-adopt --undo` removes them:

{"".join(f"- `{path}`{chr(10)}" for path in files)}{stayed}
## Routes

| route | methods |
| --- | --- |
{routes}"""
