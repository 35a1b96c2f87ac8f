"""The paper's published figures (Lu et al., NeurIPS 2024, arXiv 2402.04838).

They are for 7B models on an A100. Pages show them beside ours and never mix them.

The columns are data sets, by their title in `data/sets.py`. A row lacks the sets that
the paper does not report.
"""

from typing import TypeAlias

# row → data set → figure
Table: TypeAlias = dict[str, dict[str, float]]


def _table(columns: str, **rows: str) -> Table:
    sets = columns.split()
    return {
        row: {
            name: float(figure)
            for name, figure in zip(sets, figures.split(), strict=True)
            if figure != "-"
        }
        for row, figures in rows.items()
    }


# milliseconds per document
LATENCY = _table(
    "ACE05   CoNLL03 GENIA   Weibo   MSRA    Onto4   Resume  Youku   Ecom",
    padellm_multi="""
     255.53  229.74  316.90  159.57  143.47  171.67  238.27  203.63  293.40""",
    padellm_batch="""
     -       333.89  -       -       -       -       -       -       -     """,
    one_step="""
     386.93  272.22  513.56  -       -       -       -       -       -     """,
    aug="""
     944.90  992.70 1515.35 1276.32  812.78 1009.68  982.39  579.99  845.42""",
    struct="""
    1293.87  753.36 1266.34 1630.62  609.34  783.28 1462.56  598.59  738.20""",
)

# how many times as fast PaDeLLM is (Figure 3): (slow, fast) → data set → times
_FIGURE_3 = _table(
    "Weibo Onto4 MSRA GENIA CoNLL03 Resume ACE05 Ecom Youku",
    aug_multi="""
      8.00  5.88 5.67  4.78    4.32   4.12  3.70 2.88  2.85""",
    struct_multi="""
     10.22  4.56 4.25  4.00    3.28   6.14  5.06 2.52  2.94""",
    aug_batch="""
      3.70  3.50 3.98  2.46    2.97   2.14  1.90 2.02  2.40""",
    struct_batch="""
      4.73  2.72 2.98  2.06    2.26   3.19  2.60 1.76  2.48""",
)
SPEEDUP = {
    (slow, f"padellm_{fast}"): _FIGURE_3[f"{slow}_{fast}"]
    for slow in ("aug", "struct")
    for fast in ("multi", "batch")
}

# generated tokens in a sequence
LENGTH = _table(
    "CoNLL03 ACE05 GENIA Weibo MSRA  Onto4 Resume Youku Ecom",
    aug="""
     33.85   37.10 60.50 45.02 27.42 35.90 30.39  18.21 31.50""",
    struct="""
     28.36   49.95 49.03 62.45 18.97 25.53 53.02  18.56 22.51""",
    padellm="""
      6.54    8.29 10.05  2.19  2.23  2.68  4.87   3.66  3.27""",
)

# micro F over sets of strings per label, percent
F1 = _table(
    "CoNLL03 ACE05 GENIA Weibo MSRA  Onto4 Resume Youku Ecom",
    aug="""
     93.08   83.04 70.16 59.04 95.50 79.20 95.80  86.07 76.02""",
    struct="""
     91.87   82.99 77.90 56.07 90.92 80.97 95.74  86.85 81.57""",
    padellm="""
     92.52   85.02 77.66 67.36 95.03 80.81 94.98  87.91 81.85""",
    one_step="""
     91.36   80.98 76.27 -     -     -     -      -     -    """,
)

# micro F of spans on zero-shot sets, percent; the paper quotes the first four rows from
# the papers on those models
ZERO_SHOT_TITLES = {
    "crossner_ai": "AI",
    "crossner_literature": "Literature",
    "crossner_music": "Music",
    "crossner_politics": "Politics",
    "crossner_science": "Science",
    "mit_movie": "Movie",
    "mit_restaurant": "Restaurant",
}
_ZERO_SHOT = """
59.1 62.7 67.8 57.2 67.0 63.0 43.4 GoLLIE-7B
53.5 59.7 65.0 60.8 61.1 42.4 31.7 UniNER-7B
57.2 64.4 69.6 72.6 62.6 57.2 42.9 GLiNER-L
63.1 68.2 75.7 69.4 69.9 68.6 47.5 GNER-LLaMA-7B
60.7 66.1 67.6 68.1 64.4 61.3 43.6 PaDeLLM-NER-7B
"""
ZERO_SHOT_F: Table = {
    f"{row[-1]}, published": dict(
        zip(ZERO_SHOT_TITLES, map(float, row[:-1]), strict=True)
    )
    for row in map(str.split, _ZERO_SHOT.strip().splitlines())
}
