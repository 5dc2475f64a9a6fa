"""What is put beside an application, and runs in its processes: telemetry, reports of errors, resilience, health.

`tidegate-adopt` writes these modules, and those of resilience/ and observability/ that they use, as the package
`tidegate_adopted` (bundle.py). So they need Python 3.10, what tidegate/requirements.txt names, and nothing of Tidegate.
"""
