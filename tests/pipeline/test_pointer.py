"""The format Pointer in a pipeline: it learns, finds, is saved, and says what fails."""

import copy
import pickle
import random
from collections import Counter
from dataclasses import replace

import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_padellm.adapters.files import read_adapter, write_adapter
from spacy_padellm.engines.session import PackedSession
from spacy_padellm.formats.pointer import build_pointer_v1
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.gold import gold_trees

from .conftest import GOLD, examples, found

POINTER = {"@misc": "spacy_padellm.Pointer.v1", "size": 16}
BEHIND = {**POINTER, "labels": "behind"}
ALONE = {**POINTER, "labels": "alone"}
OFTEN = (
    "Oslo is Oslo, and Oslo it is.",
    [(0, 4, "LOC"), (8, 12, "LOC"), (18, 22, "LOC")],
)
TWO_LABELS = ("Lincoln lives in Lincoln.", [(0, 7, "PERSON"), (17, 24, "LOC")])
TEXTS = [*GOLD, OFTEN, TWO_LABELS]
NAMES = {"PERSON": "person", "LOC": "location"}


def learn(nlp, gold, updates=30):
    """Initialize and overfit; the loss of each update."""
    torch.manual_seed(0)
    sgd = nlp.initialize(lambda: gold)
    return more(nlp, gold, updates, sgd)


def more(nlp, gold, updates, sgd=None):
    sgd = sgd or nlp.resume_training()
    sgd.learn_rate = 0.003
    return [nlp.update(gold, sgd=sgd)["padellm_ner"] for _ in range(updates)]


@pytest.fixture(
    scope="module", params=[POINTER, BEHIND, ALONE], ids=["once", "behind", "alone"]
)
def taught(request, make_nlp):
    """A pipeline that has learned TEXTS by heart, and its losses."""
    nlp = make_nlp(format=request.param)
    return nlp, learn(nlp, examples(nlp, TEXTS))


@pytest.fixture(scope="module")
def trained(make_nlp):
    """A pipeline that has learned TEXTS by heart. Not to be changed."""
    nlp = make_nlp(format=POINTER)
    learn(nlp, examples(nlp, TEXTS))
    return nlp


def found_in_texts(nlp, **settings):
    docs = nlp.pipe(
        [text for text, _ in TEXTS], component_cfg={"padellm_ner": settings}
    )
    return [found(doc) for doc in docs]


EXPECTED = [entities for _, entities in TEXTS]


def test_a_pipeline_overfits_and_its_loss_falls(taught):
    """Names that stand several times, and one string with two labels, among others."""
    nlp, losses = taught
    assert losses[-1] < 0.1 * losses[0]
    assert found_in_texts(nlp) == EXPECTED
    for text, _ in TEXTS:
        assert all(ent._.score > 0.5 for ent in nlp(text).ents)


@pytest.mark.parametrize("way", ["disk", "bytes", "pickle", "copy"])
def test_it_finds_the_same_when_it_comes_back(taught, tmp_path, way):
    nlp, _ = taught
    twin = again(nlp, tmp_path, way)
    assert found_in_texts(twin) == EXPECTED
    ner, ner2 = nlp.get_pipe("padellm_ner"), twin.get_pipe("padellm_ner")
    assert ner2.to_bytes() == ner.to_bytes()
    assert ner2.label_data == NAMES and twin.config == nlp.config


def again(nlp, tmp_path, way):
    if way == "disk":
        nlp.to_disk(tmp_path / "nlp")
        return spacy.load(tmp_path / "nlp")
    if way == "bytes":
        return spacy.blank("en", config=nlp.config).from_bytes(nlp.to_bytes())
    return pickle.loads(pickle.dumps(nlp)) if way == "pickle" else copy.deepcopy(nlp)


def test_a_saved_adapter_serves_another_pipeline(make_nlp, trained, tmp_path):
    trained.get_pipe("padellm_ner").to_disk(tmp_path)
    model = {"adapter": str(tmp_path / "adapter")}
    nlp = make_nlp(format=POINTER, model=model)
    assert found_in_texts(nlp) == EXPECTED
    gold = examples(nlp, TEXTS)
    nlp.initialize(lambda: gold)
    assert nlp.update(gold)["padellm_ner"] < 1, "and training goes on from it"


def test_warm_up_measures_how_much_the_labels_claim(make_nlp, trained, tmp_path):
    trained.get_pipe("padellm_ner").to_disk(tmp_path)
    folder = str(tmp_path / "adapter")
    nlp = make_nlp(format=POINTER, model={"adapter": folder}, adapters={"b": folder})
    ner = nlp.get_pipe("padellm_ner")
    ner.warm_up()
    for adapter in (None, "b"):
        engine = ner._adapters.shim(adapter).engine
        with engine.session(1) as session:
            assert set(session.breadths) == set(NAMES.values())
    passes = engine.usage.passes
    nlp("Ann met Lee.", component_cfg={"padellm_ner": {"active_adapter": "b"}})
    assert engine.usage.passes == passes + 1


@pytest.fixture
def with_breadth(make_nlp, trained, tmp_path):
    """A pipeline with an adapter whose card has one breadth, which is none that would
    be measured."""
    trained.get_pipe("padellm_ner").to_disk(tmp_path)
    folder = tmp_path / "adapter"
    adapter = read_adapter(folder)
    card = replace(adapter.card, breadths={"person": 777.0})
    write_adapter(folder, replace(adapter, card=card))
    return make_nlp(format=POINTER, model={"adapter": str(folder)})


def breadths(nlp):
    """Those that are known."""
    shim = causal_lm_shim(nlp.get_pipe("padellm_ner").model)
    return shim.engine.decoding.current().breadths


def breadths_saved(nlp, folder):
    nlp.to_disk(folder)
    return read_adapter(folder / "padellm_ner" / "adapter").card.breadths


def test_a_breadth_in_the_card_is_not_measured(with_breadth, trained):
    nlp = with_breadth
    assert breadths(nlp) == {"person": 777.0}
    nlp.get_pipe("padellm_ner").warm_up()
    trained.get_pipe("padellm_ner").warm_up()
    expected = {**breadths(trained), "person": 777.0}
    assert breadths(nlp) == pytest.approx(expected)


def test_a_breadth_in_the_card_is_of_the_adapter_as_it_was(with_breadth, tmp_path):
    nlp = with_breadth
    assert breadths_saved(nlp, tmp_path / "unread") == {"person": 777.0}
    nlp("Nothing to see here.")
    assert breadths_saved(nlp, tmp_path / "read") == {"person": 777.0}
    more(nlp, examples(nlp, TEXTS), updates=1)
    assert "person" not in breadths(nlp)
    assert breadths_saved(nlp, tmp_path / "trained") == {}


def test_what_warm_up_measures_is_saved(make_nlp, tmp_path):
    nlp = make_nlp(format=POINTER)
    learn(nlp, examples(nlp, TEXTS), updates=1)
    ner = nlp.get_pipe("padellm_ner")
    ner.warm_up()
    breadths(nlp)["of one call"] = 2.0
    measured = {name: breadths(nlp)[name] for name in ("person", "location")}
    assert breadths_saved(nlp, tmp_path / "nlp") == measured
    assert breadths(spacy.load(tmp_path / "nlp")) == measured


def test_the_batch_changes_no_result(trained):
    texts = [text for text, _ in TEXTS] * 3
    alone = [found(trained(text)) for text in texts]
    assert [found(doc) for doc in trained.pipe(texts, batch_size=32)] == alone
    assert alone == EXPECTED * 3


def test_the_order_of_labels_changes_no_result(trained):
    names = {**NAMES, "ORG": "organization", "TOOL": "tool", "PART": "part"}
    order, results = list(names), []
    for seed in range(20):
        random.Random(seed).shuffle(order)
        labels = {label: names[label] for label in order}
        results.append(found_in_texts(trained, labels=labels))
    assert all(result == results[0] for result in results)
    assert any(results[0])


def test_what_a_label_is_described_as_reaches_the_prompt(trained, monkeypatch):
    asked, real = [], PackedSession.score

    def score(session, trees):
        for tree in trees:
            for node in tree.queries:
                name = tree.kept.ids[slice(*tree.links[node])].tolist()
                asked.append(session.tokenizer.decode([*name, tree.ids[node]]))
        return real(session, trees)

    monkeypatch.setattr(PackedSession, "score", score)
    labels = {"PERSON": {"description": "of flesh"}, "LOC": {"name": "a place"}}
    trained("Oslo", component_cfg={"padellm_ner": {"labels": labels}})
    assert asked == ["person (of flesh):", "a place:"]


# -- gold docs ------------------------------------------------------------------------


def gold_doc(nlp, text, tags):
    """tags: one a word, as `B-LOC`, `O`, or `?` where nothing is known."""
    ents = ["" if tag == "?" else tag for tag in tags.split()]
    return Doc(nlp.vocab, words=text.split(), ents=ents)


def as_example(doc):
    return Example(Doc(doc.vocab, words=[token.text for token in doc]), doc)


def trees_of(nlp, doc, **options):
    ner, problems = nlp.get_pipe("padellm_ner"), Counter()
    trees = gold_trees(
        doc,
        NAMES,
        format=ner.format,
        windows=ner.windows,
        tokenizer=ner._adapters.own.tokenizer,
        problems=problems,
        **options,
    )
    return list(trees), problems


def test_a_window_with_missing_annotation_teaches_the_rest(trained):
    doc = gold_doc(trained, "Ann left Oslo today", "B-PERSON O ? ?")
    [tree], problems = trees_of(trained, doc)
    tokenizer = trained.get_pipe("padellm_ner")._adapters.own.tokenizer
    known = tokenizer.decode(tree.ids[tree.keys[tree.known]].tolist())
    assert known.split() == ["Ann", "left"]
    assert len(tree.spans) == 1 and not problems


def test_a_group_of_spans_leaves_tokens_without_annotation_unknown(trained):
    """Tokens of its mentions are annotated, whatever the entities say."""
    doc = gold_doc(trained, "Ann left New Oslo today", "B-PERSON O ? ? ?")
    doc.spans["sc"] = [Span(doc, 0, 1, "PERSON"), Span(doc, 2, 4, "LOC")]
    [tree], _ = trees_of(trained, doc, spans_key="sc")
    tokenizer = trained.get_pipe("padellm_ner")._adapters.own.tokenizer
    known = tokenizer.decode(tree.ids[tree.keys[tree.known]].tolist())
    assert known.split() == ["Ann", "left", "New", "Oslo"]


@pytest.mark.parametrize("tag", ["?", "O"])
def test_what_is_not_annotated_contradicts_nothing(make_nlp, tag):
    """Two docs of one text, in one of which a name is an entity."""
    nlp = make_nlp(format=POINTER, labels=NAMES)
    text = "I like London and Berlin ."
    docs = [gold_doc(nlp, text, f"O O {one} O B-LOC O") for one in ("B-LOC", tag)]
    learn(nlp, [as_example(doc) for doc in docs])
    scores = {ent.text: ent._.score for ent in nlp(text).ents}
    assert scores["Berlin"] > 0.9
    assert (scores.get("London", 0.0) > 0.9) == (tag == "?")


def test_an_entity_that_a_window_cuts_is_unknown_there(make_nlp, trained):
    windows = {"@misc": "spacy_padellm.StridedWindows.v1", "window": 3, "stride": 3}
    nlp = make_nlp(format=POINTER, windows=windows)
    doc = gold_doc(nlp, "Here is Maria Rossi today .", "O O B-PERSON I-PERSON O O")
    trees, problems = trees_of(nlp, doc)
    tokenizer = nlp.get_pipe("padellm_ner")._adapters.own.tokenizer
    known = [
        tokenizer.decode(tree.ids[tree.keys[tree.known]].tolist()).split()
        for tree in trees
    ]
    assert known == [["Here", "is"], ["today", "."]]
    assert not any(len(tree.spans) for tree in trees)
    assert problems == {"cut by a window": 1}


NESTED = [(0, 3, "ORG"), (2, 3, "LOC"), (4, 5, "PERSON"), (4, 6, "PERSON")]


@pytest.fixture
def nested(make_nlp):
    """A function that builds a pipeline for mentions within others, and a gold doc."""

    def nested(**settings):
        nlp = make_nlp(
            format=POINTER, spans_key="found", allow_overlap=True, **settings
        )
        doc = Doc(nlp.vocab, words="University of Oslo hired Ann Lee .".split())
        doc.spans["found"] = [
            Span(doc, start, end, label=label) for start, end, label in NESTED
        ]
        return nlp, doc

    return nested


def test_mentions_within_others_are_learned_from_a_group_of_spans(nested):
    nlp, doc = nested(labels=["ORG", "LOC", "PERSON"])
    learn(nlp, [as_example(doc)], updates=40)
    read = nlp(Doc(nlp.vocab, words=[token.text for token in doc]))
    spans = [(span.start, span.end, span.label_) for span in read.spans["found"]]
    assert spans == sorted(NESTED)


def test_labels_of_a_group_of_spans_are_those_to_learn(nested):
    nlp, doc = nested()
    nlp.initialize(lambda: [as_example(doc)])
    assert set(nlp.get_pipe("padellm_ner").labels) == {"ORG", "LOC", "PERSON"}


@pytest.mark.parametrize("place", [(1, 2), (1, 1)], ids=["a space", "nothing"])
def test_a_span_of_whitespace_is_left_out(nested, place):
    nlp, _ = nested(labels=["LOC"])
    nlp.initialize()
    doc = Doc(nlp.vocab, words=["Oslo", " ", "wept"], spaces=[True, False, False])
    doc.spans["found"] = [Span(doc, 0, 1, "LOC"), Span(doc, *place, "LOC")]
    [tree], _ = trees_of(nlp, doc, spans_key="found")
    assert len(tree.spans) == 1


def test_without_overlap_a_group_of_spans_teaches_nothing(make_nlp):
    nlp = make_nlp(format=POINTER, spans_key="found", labels=["LOC"])
    nlp.initialize()
    doc = Doc(nlp.vocab, words=["Oslo", "wept"])
    doc.spans["found"] = [Span(doc, 0, 1, "LOC")]
    assert nlp.update([as_example(doc)]) == {"padellm_ner": 0.0}


# -- what fails -----------------------------------------------------------------------


def test_without_a_trained_adapter_the_next_step_is_said(make_nlp):
    nlp = make_nlp(format=POINTER, labels=["LOC"])
    doc = nlp.make_doc("Oslo")
    with pytest.raises(
        ValueError, match="E814.*'Pointer.*' of padellm_ner.*initialize"
    ):
        nlp.get_pipe("padellm_ner")(doc)
    assert not doc.has_annotation("ENT_IOB")
    with pytest.raises(ValueError, match="E814.*initialize"):
        nlp.update(examples(nlp))


@pytest.fixture
def without_a_head(make_nlp, tmp_path):
    """The folder of an adapter that generates, and says nothing of its format."""
    nlp = make_nlp(format={"@misc": "spacy_padellm.OneStep.v1"}, labels=NAMES)
    nlp.initialize()
    nlp.get_pipe("padellm_ner").to_disk(tmp_path)
    (tmp_path / "adapter" / "padellm.json").unlink()
    return tmp_path / "adapter"


def test_an_adapter_without_a_head_does_not_predict(make_nlp, without_a_head):
    model = {"adapter": str(without_a_head)}
    nlp = make_nlp(format=POINTER, model=model, labels=NAMES)
    with pytest.raises(ValueError, match="E814"):
        nlp("Oslo")


def test_an_adapter_without_a_head_is_not_trained(make_nlp, without_a_head):
    model = {"adapter": str(without_a_head)}
    nlp = make_nlp(format=POINTER, model=model, labels=NAMES)
    with pytest.raises(ValueError, match="E814"):
        nlp.initialize()
        nlp.update(examples(nlp))


@pytest.fixture(scope="module")
def by_way(make_nlp, tmp_path_factory):
    """The folder of an adapter for each way to read labels."""
    folders = {}
    for way in ("once", "behind", "alone"):
        nlp = make_nlp(format={**POINTER, "labels": way})
        learn(nlp, examples(nlp, TEXTS))
        folder = tmp_path_factory.mktemp(way)
        nlp.get_pipe("padellm_ner").to_disk(folder)
        folders[way] = str(folder / "adapter")
    return folders


@pytest.mark.parametrize("own", ["once", "behind", "alone"])
def test_each_adapter_is_read_as_it_was_trained(make_nlp, by_way, tmp_path, own):
    """Beside others, by name, and after it was saved."""
    others = {way: folder for way, folder in by_way.items() if way != own}
    nlp = make_nlp(format=POINTER, model={"adapter": by_way[own]}, adapters=others)
    nlp.to_disk(tmp_path)
    for read in (nlp, spacy.load(tmp_path)):
        ner = read.get_pipe("padellm_ner")
        ner.warm_up()
        for adapter in (None, *others):
            assert found_in_texts(read, active_adapter=adapter) == EXPECTED
            ner.active_adapter = adapter
            assert ner.active_format.labels == (adapter or own)
        ner.active_adapter = None
        assert ner.format.labels is None
    saved = tmp_path / "padellm_ner"
    folders = {own: saved / "adapter"} | {
        way: saved / "adapters" / way for way in others
    }
    for way, folder in folders.items():
        assert read_adapter(folder).card.format == build_pointer_v1(labels=way).name


@pytest.mark.parametrize("way", ["behind", "alone"])
def test_training_goes_on_as_it_began(make_nlp, by_way, tmp_path, way):
    nlp = make_nlp(format=POINTER, model={"adapter": by_way[way]})
    [loss] = learn(nlp, examples(nlp, TEXTS), updates=1)
    assert loss < 0.1, "it knows the texts already"
    nlp.to_disk(tmp_path)
    card = read_adapter(tmp_path / "padellm_ner" / "adapter").card
    assert card.format == build_pointer_v1(labels=way).name


@pytest.mark.parametrize(
    "format", [ALONE, {"@misc": "spacy_padellm.OneStep.v1"}], ids=["alone", "OneStep"]
)
def test_an_adapter_answers_only_in_its_own_format(make_nlp, trained, tmp_path, format):
    trained.get_pipe("padellm_ner").to_disk(tmp_path)
    nlp = make_nlp(format=format, model={"adapter": str(tmp_path / "adapter")})
    for use in (nlp, lambda _: nlp.to_bytes(), lambda _: nlp.to_disk(tmp_path / "nlp")):
        with pytest.raises(ValueError, match="E802.*Pointer"):
            use("Oslo")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_damaged_scores_name_the_text_and_touch_no_doc(trained, value):
    nlp = copy.deepcopy(trained)
    ner = nlp.get_pipe("padellm_ner")
    with torch.no_grad():
        ner.active_lm.head.bias.fill_(value)
    doc = nlp.make_doc("Who is Shaka Khan?")
    doc.ents = [Span(doc, 0, 1, "WHO")]
    before = doc.to_bytes()
    with pytest.raises(ValueError, match="E511.*begins 'Who is Shaka Khan"):
        ner(doc)
    assert doc.to_bytes() == before
    failed = []
    nlp.set_error_handler(lambda name, proc, docs, error: failed.append(str(error)))
    texts = [text for text, _ in TEXTS]
    assert list(nlp.pipe(texts)) == []
    for text, error in zip(texts, failed, strict=True):
        assert repr(text)[:20] in error


def test_a_doc_without_words_has_no_entities(trained):
    for text in ("", " ", "\n\n"):
        assert not trained(text).ents


def test_a_window_longer_than_the_context_fails_alone_and_is_named(trained):
    nlp = copy.deepcopy(trained)
    nlp.get_pipe("padellm_ner").windows = spacy.registry.misc.get(
        "spacy_padellm.WholeDoc.v1"
    )()
    failed = []
    nlp.set_error_handler(lambda name, proc, docs, error: failed.append(str(error)))
    docs = list(nlp.pipe([OFTEN[0], "word " * 3000, TWO_LABELS[0]]))
    assert [found(doc) for doc in docs] == [OFTEN[1], TWO_LABELS[1]]
    [error] = failed
    assert "E807" in error and "word word" in error


def test_thresholds_for_labels_are_saved_and_may_be_changed(trained, tmp_path, caplog):
    text, _ = TWO_LABELS
    none = {"PERSON": 1.0}
    trained.to_disk(tmp_path)
    key = "components.padellm_ner.format.thresholds"
    nlp = spacy.load(tmp_path, config={key: none})
    assert [label for *_, label in found(nlp(text))] == ["LOC"]
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path, config={f"{key}.LOC": 1.0})
    assert found(again(text)) == []
    assert "W809" not in caplog.text


def test_a_threshold_for_a_label_that_is_not_asked_for_is_named_once(trained, caplog):
    nlp = copy.deepcopy(trained)
    ner = nlp.get_pipe("padellm_ner")
    ner.format = replace(ner.format, thresholds={"PER": 0.1, "LOC": 0.1})
    nlp(TEXTS[0][0], component_cfg={"padellm_ner": {"labels": ["DISH"]}})
    assert "W809" not in caplog.text  # a call may ask for other labels
    for text, _ in TEXTS[:2]:
        nlp(text)
    assert caplog.text.count("W809") == 1
    assert "name PER, but" in caplog.text and "PERSON, LOC" in caplog.text
