"""The lists of entities of a JSON object, in the shapes of many tools."""

from collections.abc import Sequence
from typing import Any

from .claims import Claim, is_there, offsets_fault
from .json_tags import TagNames, tag_claims, tags_key
from .mentions import DISCONTINUOUS
from .pipelines import join_tokens

OTHER_SHAPE = "entity of another shape"
OTHER_LIST = "entity of a second list, which is not read"
# GUM's "entities" include nominals and pronouns. Its "named" are the names.
NAMED = "named"
ENTITIES_KEYS = ("entities", "spans", "ner", "label", "annotations")
CLASSES = ("label", "labels")  # may also be classes of the text, or names of labels
LABEL_KEYS = ("label", "entity", "type", "entity_group", "labels", "tag",
              "entity_type", "category")  # fmt: skip
# lists of other things than entities
OTHER_LAYERS = ("tokens", "words", "sentence", "sentences", "sents", "chunks",
                "paragraphs", "sections")  # fmt: skip
START_KEYS = ("start", "start_offset", "start_char", "begin")
END_KEYS = ("end", "end_offset", "end_char")


def claims_of(raw: Any, text: str | None = None) -> list[Claim]:
    """Return an entity as a claim for each of its labels. text: None if its offsets are
    tokens."""
    if isinstance(raw, list) and len(raw) >= 3:  # GUM adds an identity
        return [Claim(*map(_whole, raw[:2]), raw[2])]
    if not isinstance(raw, dict):
        return [Claim(None, None, None, mention=repr(raw)[:60], fault=OTHER_SHAPE)]
    start, end, fault = _first(raw, START_KEYS), _first(raw, END_KEYS), ""
    span = raw.get("span", raw.get("index"))
    if isinstance(span, list) and span and all(isinstance(i, int) for i in span):
        if text is not None and len(span) == 2:
            start, end = span
        else:
            start, end = min(span), max(span) + 1
            fault = DISCONTINUOUS if end - start != len(set(span)) else ""
    mention = None
    if text is not None:
        mention = raw.get("text")
        if isinstance(raw.get("value"), str) and raw["value"] in text:
            # Rasa's value may be a synonym, which the text has elsewhere
            claim = Claim(_whole(start), _whole(end), None, raw["value"])
            if offsets_fault(text, *claim[:2]) or is_there(text, claim):
                mention = raw["value"]
    start, end = _whole(start), _whole(end)
    labels = _first(raw, LABEL_KEYS)
    if text is not None and is_there(text, Claim(start, end, None, raw.get("entity"))):
        # the mention itself, beside its label
        labels = _first(raw, [key for key in LABEL_KEYS if key != "entity"]) or labels
    labels = labels if isinstance(labels, list) and labels else [labels]
    return [Claim(start, end, label, mention, fault) for label in labels]


def claims_in(
    value: dict[str, Any], keys: list[str], text: str | None, names: TagNames
) -> list[Claim]:
    """Return the entities of the first list, and those that only further lists, or tags
    of the tokens, have. If all lists are empty, those that the tags have."""
    found = [raws if isinstance(raws := value.get(key), list) else [] for key in keys]
    if text is not None:
        found = [join_tokens(raws, text) for raws in found]
    lists = [
        [claim for raw in raws for claim in claims_of(raw, text)] for raws in found
    ]
    key, alone, tagged = tags_key(value), not lists[0], []
    if key and key not in keys:
        tagged = tag_claims(value, key, text, names, alone=alone)
    if alone:
        return tagged or _elsewhere(value, text, but=())
    claims, seen = lists[0], {repr(c[:3]) for c in lists[0]}
    known = (*keys, *OTHER_LAYERS, *(ENTITIES_KEYS if NAMED in value else ()))
    lists.append(_elsewhere(value, text, but=known))
    lists.append([c for c in tagged if c.label or not _touches(c, lists[0])])
    for claim in (claim for further in lists[1:] for claim in further):
        has_place = isinstance(claim.start, int) and isinstance(claim.end, int)
        is_entity = has_place or isinstance(claim.label, str)
        if is_entity and repr(claim[:3]) not in seen:
            claims.append(claim._replace(fault=OTHER_LIST))
    return claims


def entities_keys(value: dict[str, Any]) -> list[str]:
    """Return the keys of the lists of entities, the one to read first."""
    if NAMED in value:
        return [NAMED]
    keys = (*ENTITIES_KEYS, "labels")
    keys += ("tags",) if _has_spans(value.get("tags")) else ()
    lists = [key for key in keys if isinstance(value.get(key), list)]
    lists = [key for key in lists if not (key in CLASSES and _are_names(value[key]))]
    lists = [key for key in lists if key != tags_key(value)]
    filled = [key for key in lists if value[key]]
    known = [key for key in ENTITIES_KEYS if key in value]
    return filled or lists[:1] or known[:1] or ["entities"]


def _elsewhere(
    value: dict[str, Any], text: str | None, but: tuple[str, ...]
) -> list[Claim]:
    """Return the entities of lists with unknown keys. They are not read, as nobody
    knows what these lists are. but: keys that are known."""
    return [
        claim._replace(fault=OTHER_LIST)
        for key, raws in value.items()
        if key not in but and _has_spans(raws)
        for raw in raws
        for claim in claims_of(raw, text)
    ]


def _whole(offset: Any) -> Any:
    """Return a whole number for a float such as 3.0, which pandas writes if some are
    missing."""
    whole = isinstance(offset, float) and offset.is_integer()
    return int(offset) if whole else offset


def _has_spans(raws: Any) -> bool:
    """Return whether a list has an object with offsets and a label."""
    return isinstance(raws, list) and any(
        isinstance(raw, dict)
        and all(_first(raw, k) is not None for k in (START_KEYS, END_KEYS, LABEL_KEYS))
        for raw in raws
    )


def _touches(claim: Claim, others: list[Claim]) -> bool:
    """Return whether a tag without a name is at one of the other entities."""
    places = [(o.start, o.end) for o in others if isinstance(o.start, int)]
    return isinstance(claim.start, int) and any(
        start < claim.end and claim.start < end
        for start, end in places
        if isinstance(end, int)
    )


def _first(raw: dict[str, Any], keys: Sequence[str]) -> Any:
    """Return the value of the first key that there is, or None."""
    return next((raw[key] for key in keys if key in raw), None)


def _are_names(value: list[Any]) -> bool:
    return bool(value) and all_strings(value)


def all_strings(value: Any) -> bool:
    """Return whether it is a list of strings. It may be empty."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
