"""Label Studio's JSON and JSON-MIN."""

TEXT = "Ada left Rome"
SPANS = [
    {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]},
    {"start": 9, "end": 13, "text": "Rome", "labels": ["LOC", "CITY"]},
]
WANTED = [[("Ada", "PER"), ("Rome", "CITY"), ("Rome", "LOC")]]


def result(span: dict, **details) -> dict:
    details = {"from_name": "label", "to_name": "text", "type": "labels", **details}
    return {"id": "abc", "value": span, **details}


def task(*spans: dict, text: str = TEXT, **details) -> dict:
    annotation = {"id": 3, "result": [result(span) for span in spans], **details}
    return {"id": 1, "data": {"text": text}, "annotations": [annotation]}


def minimal(*spans: dict, text: str = TEXT, **details) -> dict:
    about = {"id": 1, "annotator": 1, "annotation_id": 3, "lead_time": 4.2}
    labels = {"label": list(spans)} if spans else {}
    return {"text": text, **about, **labels, **details}
