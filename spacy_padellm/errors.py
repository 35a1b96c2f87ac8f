"""Every message to the user: what was wrong, what is allowed, what to do next.

E1xx spans, E2xx corpora, E3xx weights and adapters, E4xx command line, E5xx formats and
labels, E6xx engines, E7xx models and devices, E8xx the pipeline component; W is a
warning. Each is a template for `str.format`.
"""


class Errors:
    # spans
    # corpora
    # weights and adapters
    # command line
    # formats and labels
    # engines
    # models and devices
    # pipeline
    pass


class Warnings:
    # spans
    # corpora
    # weights and adapters
    # command line
    # formats and labels
    # engines
    # models and devices
    # pipeline
    pass
