"""What is learned is the paper's whole string, or compact's fewer tokens."""

import pytest

from spacy_padellm.formats.base import Query
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES, GoldMention
from spacy_padellm.labels import label_names
from spacy_padellm.trees.packing import pack_gold

from .test_templates import paper_mention


def gold_of(template, row, labels, tokenizer):
    format = build_padellm_v1(template=template)
    return format.gold(Query(row.text, labels), row.spans, tokenizer)


def mentions_of(row, labels):
    """(label name, count, index, start, end), labels in order."""
    return [
        (name, len(row.spans[label]), index, *span)
        for label, name in labels.items()
        for index, span in enumerate(row.spans.get(label, ()), start=1)
    ]


@pytest.mark.parametrize("template", ["padellm.en", "padellm.zh"])
@pytest.mark.parametrize("kind", ["tiny_tokenizer", "real_tokenizer"])
def test_a_sequence_is_the_paper_string_and_its_end(request, workshop, template, kind):
    tokenizer = request.getfixturevalue(kind)
    labels = label_names(["PART", "FAULT", "TOOL"])
    for row in workshop[:100]:
        sequences = gold_of(template, row, labels, tokenizer)
        asked = [gold for gold in sequences if len(gold.answer) > 2]
        expected = mentions_of(row, labels)
        assert len(asked) == len(expected)
        for gold, (name, n, i, start, end) in zip(asked, expected, strict=True):
            whole = paper_mention(template, row.text, name, n, i) + row.text[start:end]
            ids = tuple(tokenizer._tokenizer(whole).input_ids)
            assert gold.prompt + gold.answer == (*ids, tokenizer.eos_id)
            # all is learned from the count on, the appended text included
            assert tokenizer.decode(gold.answer).startswith(f"{n}\n<")
            assert set(gold.weights) == {1.0}


@pytest.mark.parametrize("template", ["padellm.en", "padellm.zh"])
def test_a_piece_over_the_border_does_not_change_what_was_asked(
    template, metaspace, workshop
):
    """Whole string or not: the mention stands behind the prompt of the second round."""
    labels = label_names(["PART", "FAULT", "TOOL"])
    within = over_the_border = 0
    for row in workshop[:100]:
        prompts = TEMPLATES[template].prompts(row.text, metaspace)
        sequences = gold_of(template, row, labels, metaspace)
        asked = [gold for gold in sequences if len(gold.answer) > 2]
        for gold, (name, n, i, start, end) in zip(
            asked, mentions_of(row, labels), strict=True
        ):
            mention, prompt = row.text[start:end], prompts.mention(name, n, i)
            whole = paper_mention(template, row.text, name, n, i) + mention
            ids = tuple(metaspace._tokenizer(whole).input_ids)
            learned = gold.prompt + gold.answer
            assert learned[: len(prompt)] == prompt
            assert metaspace.decode(learned[len(prompt) : -1]).strip() == mention
            if ids[: len(prompt)] == prompt:
                assert learned == (*ids, metaspace.eos_id)
                within += 1
            else:
                over_the_border += 1
    assert within > 100 and over_the_border > 10


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_label_without_mentions_is_a_zero_and_its_end(template, any_tokenizer):
    labels = {"A": "a", "B": "b"}
    format = build_padellm_v1(template=template)
    prompts = TEMPLATES[template].prompts("No one.", any_tokenizer)
    for gold, name in zip(
        format.gold(Query("No one.", labels), {}, any_tokenizer), "ab", strict=True
    ):
        zero, end = gold.answer
        assert gold.prompt == prompts.count(name) and gold.weights == (1.0, 1.0)
        assert any_tokenizer.decode([zero]) == "0" and end == any_tokenizer.eos_id


def test_compact_writes_a_mention_with_the_tokens_it_has_in_the_text(
    workshop, any_tokenizer
):
    """Wherever its borders, or the space before it, are token borders."""
    labels = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
    in_text = 0
    for row in workshop[:150]:
        ids = any_tokenizer.encode(" " + row.text, add_special_tokens=False).ids
        # where each token ends, by decoding ever more of them (the texts are ASCII)
        ends = [
            len(any_tokenizer.decode(ids[:n]).lstrip(" ")) for n in range(len(ids) + 1)
        ]
        expected = mentions_of(row, labels)
        asked = [
            gold
            for gold in gold_of("compact", row, labels, any_tokenizer)
            if len(gold.answer) > 2
        ]
        prompts = TEMPLATES["compact"].prompts(row.text, any_tokenizer)
        for gold, (name, n, i, start, end) in zip(asked, expected, strict=True):
            prompt = prompts.mention(name, n, i)
            whole = gold.prompt + gold.answer
            assert whole[: len(prompt)] == prompt and whole[-1] == any_tokenizer.eos_id
            written = whole[len(prompt) : -1]
            mention = row.text[start:end]
            assert any_tokenizer.decode(written).strip() == mention
            slices = [
                ids[first:last]
                for first in range(len(ids))
                for last in range(first + 1, len(ids) + 1)
                if ends[last] == end
                and any_tokenizer.decode(ids[first:last]).strip() == mention
                and ends[first] in (start, start - (row.text[:start][-1:] == " "))
            ]
            if slices:
                assert written in slices
                in_text += 1
    assert in_text > 100


def test_compact_takes_no_sign_before_a_mention_for_a_space(split_by_regex):
    text = "x(Chain), x (Chain)."
    assert split_by_regex.decode(split_by_regex.encode(text).ids[1:2]) == "(Chain"
    prompts = TEMPLATES["compact"].prompts(text, split_by_regex)
    asked = prompts.mention("part", 1, 1)
    for start in (text.index("Chain"), text.rindex("Chain")):
        mention = GoldMention(1, 1, start, start + len("Chain"))
        gold = prompts.gold("part", mention)
        written = (gold.prompt + gold.answer)[len(asked) : -1]
        assert split_by_regex.decode(written) == "Chain"


def test_compact_learns_an_index_but_not_its_further_digits(tiny_tokenizer):
    """Behind `\\n1` stands mention 1 of twelve, and not a 0, 1 or 2."""
    text = " ".join("abcdefghijkl")
    prompts = TEMPLATES["compact"].prompts(text, tiny_tokenizer)
    mentions = [GoldMention(12, i, 2 * i - 2, 2 * i - 1) for i in range(1, 13)]
    tree = pack_gold([prompts.gold("x", one) for one in mentions])
    newline, one, two = (
        tiny_tokenizer.encode(s, add_special_tokens=False).ids for s in ("\n", "1", "2")
    )
    index_one = prompts.count("x") + one + two + newline + one
    (node,) = [
        at
        for at in range(len(tree))
        if tree.positions[at] == len(index_one) - 1
        and tuple(tree.ids[j] for j in range(at + 1) if at < tree.ends[j]) == index_one
    ]
    learned = tree.targets[tree.sources == node]
    assert tiny_tokenizer.decode(learned).strip() == "a"
    # the count is learned once for each mention
    assert tree.weights.max() == 12


@pytest.mark.parametrize("corpus", ["conll03", "workshop"])
def test_compact_costs_at_most_six_tenths(request, corpus, real_tokenizer):
    """Of padellm.en's tokens, in packed trees that hold each shared token once."""
    rows = request.getfixturevalue(corpus)
    rows = rows[:: len(rows) // 400]
    labels = label_names(sorted({label for row in rows for label in row.spans}))
    assert len(rows) > 300 and len(labels) in (3, 4)
    compact, paper = (
        sum(len(pack_gold(gold_of(name, row, labels, real_tokenizer))) for row in rows)
        for name in ("compact", "padellm.en")
    )
    assert compact <= 0.6 * paper
