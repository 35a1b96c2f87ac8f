"""Each way in which a server fails is an error that says what to do."""

import json
import sys

import pytest

from spacy_padellm.engines.base import Unavailable
from spacy_padellm.trees.branch import Branch

from ...served import Reply, fault

BRANCH = Branch((5, 6, 7), 3, candidates=(20, 21), among_allowed=False)
FREE = Branch((5, 6, 7), 3)


def complete(engine, branch=BRANCH):
    with engine.session(1) as session:
        return session.complete([[branch, branch]])


def changed(server, change):
    """From now on, the server answers requests for completions in another way."""
    server.change = lambda path, request, answer: (
        change(answer) if path == "/v1/completions" else answer
    )


def test_a_server_that_is_not_there(open_engine):
    with pytest.raises(Unavailable, match=r"\[E355\] .* http://127.0.0.1:9 .*refused"):
        open_engine(url="http://127.0.0.1:9")


def test_texts_for_this_machine_go_through_no_proxy(open_engine, server, monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody is there
    server.asked.clear()
    assert complete(open_engine())
    assert server.asked


def test_a_server_that_goes_away(open_engine, server):
    engine = open_engine()
    changed(server, lambda answer: 1 / 0)  # the connection breaks
    with pytest.raises(Unavailable, match=rf"\[E355\] No server .* {server.url} "):
        complete(engine)


def test_a_server_that_is_slow(open_engine, server):
    engine = open_engine(timeout=1)
    changed(server, lambda answer: Reply(delay=2))
    message = rf"\[E356\] The server {server.url} did not answer within 1 .* 2 tries"
    with pytest.raises(Unavailable, match=message):
        complete(engine)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused(status, open_engine, server, monkeypatch):
    monkeypatch.setenv("VLLM_KEY", "wrong-key")
    server.change = lambda path, request, answer: fault(status, "Unauthorized")
    with pytest.raises(Unavailable, match=rf"\[E357\].*{status}.*VLLM_KEY") as caught:
        open_engine(api_key_env="VLLM_KEY")
    assert "wrong-key" not in str(caught.value)
    assert set(server.keys) == {"Bearer wrong-key"}, "nobody tries again"


def test_a_key_comes_from_the_environment_alone(open_engine, server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "not for this server")
    server.key = "right-key"
    monkeypatch.setenv("VLLM_KEY", "right-key")
    open_engine(api_key_env="VLLM_KEY")
    monkeypatch.delenv("VLLM_KEY")
    with pytest.raises(ValueError, match=r"\[E352\] .* VLLM_KEY, which is not set"):
        open_engine(api_key_env="VLLM_KEY")
    with pytest.raises(Unavailable, match=r"\[E357\]"):
        open_engine()
    assert set(server.keys) == {"Bearer right-key", "Bearer none"}


def test_a_model_that_is_not_served(open_engine, server):
    with pytest.raises(Unavailable, match=r"\[E358\].* 'big'\. It serves tiny\."):
        open_engine(model="big")
    engine = open_engine()
    changed(server, lambda answer: fault(404, "The model `tiny` does not exist."))
    with pytest.raises(Unavailable, match=r"\[E358\].* 'tiny'\. The model .* exist\."):
        complete(engine)


@pytest.mark.parametrize(
    ("status", "error"), [(500, ValueError), (503, Unavailable), (429, Unavailable)]
)
def test_a_status_of_failure_after_retries(status, error, open_engine, server):
    engine = open_engine(max_retries=2)
    server.asked.clear()
    changed(server, lambda answer: fault(status, "engine is dead"))
    with pytest.raises(error, match=rf"\[E359\].* {status} in 3 tries: engine") as got:
        complete(engine)
    assert type(got.value) is error and len(server.asked) == 3


@pytest.mark.parametrize(
    ("health", "error"),
    [(200, ValueError), (404, ValueError), (500, Unavailable), (503, Unavailable)],
)
def test_a_server_whose_engine_has_died(health, error, open_engine, server):
    engine = open_engine(max_retries=0)
    server.change = lambda path, request, answer: fault(
        health if path == "/health" else 500, "EngineCore encountered an issue"
    )
    with pytest.raises(error, match=r"\[E359\].* 500 in 1 tries: EngineCore") as got:
        complete(engine)
    assert type(got.value) is error


def test_a_failure_that_passes_is_not_noticed(open_engine, server, plain):
    engine = open_engine(max_retries=2)
    failures = [fault(503, "starting"), fault(500, "what?")]
    changed(server, lambda answer: failures.pop() if failures else answer)
    assert complete(engine)[0][0].ids == plain.complete([[BRANCH]])[0][0].ids
    assert failures == []


def test_texts_go_to_no_server_that_another_names(open_engine, server):
    engine = open_engine()
    changed(server, lambda answer: Reply(307, location=f"{server.url}/elsewhere"))
    with pytest.raises(ValueError, match=r"\[E361\].* 307"):
        complete(engine)
    assert len(server.keys) == 3, "the two of the start, and this one"


def test_a_request_that_is_refused(open_engine, server):
    engine = open_engine()
    server.asked.clear()
    changed(server, lambda answer: fault(400, "logprob_token_ids: unknown"))
    with pytest.raises(ValueError, match=r"\[E361\].* 400: logprob_token_ids: unknown"):
        complete(engine)
    assert len(server.asked) == 1, "it would be refused again"


def edited(edit):
    """An answer with a change in its first choice."""

    def change(answer):
        edit(answer["choices"][0])
        return answer

    return change


def without(*path):
    def edit(choice):
        for key in path[:-1]:
            choice = choice[key]
        del choice[path[-1]]

    return edited(edit)


def tops(choice):
    return choice["logprobs"]["top_logprobs"]


NONSENSE = {
    "a page": lambda answer: Reply(body=b"<html>Please log in</html>"),
    "nothing": lambda answer: Reply(body=b""),
    "a number": lambda answer: 7,
    "no choices": lambda answer: {},
    "null": lambda answer: {"choices": None},
    "a choice too few": lambda answer: {"choices": answer["choices"][:1]},
    "a choice too many": lambda answer: {"choices": answer["choices"] * 2},
    "no index": without("index"),
    "no tokens": without("token_ids"),
    "tokens are null": edited(lambda choice: choice.update(token_ids=None)),
    "tokens are empty": edited(lambda choice: choice.update(token_ids=[])),
    "no prompt": without("prompt_token_ids"),
    "no text": without("text"),
    "no log-probabilities": without("logprobs"),
    "log-probabilities are null": edited(lambda choice: choice.update(logprobs=None)),
    "one place too few": edited(lambda choice: tops(choice).pop()),
    "other names of tokens": edited(lambda choice: tops(choice).append({" a": -1.0})),
    "a place is null": edited(lambda choice: tops(choice).__setitem__(0, None)),
    "one of a token is missing": edited(lambda choice: tops(choice)[0].popitem()),
    "a word": edited(lambda choice: tops(choice)[0].update({"token_id:20": "high"})),
    "no end": without("finish_reason"),
    "an abort": edited(lambda choice: choice.update(finish_reason="abort")),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_an_answer_that_makes_no_sense(what, open_engine, server):
    engine = open_engine()
    changed(server, NONSENSE[what])
    with pytest.raises(ValueError, match=rf"\[E360\] The server {server.url} answered"):
        complete(engine)


def put_into_words(choice):
    choice["text"] = "other words"


OTHERS = {
    "another prompt": edited(lambda choice: choice["prompt_token_ids"].append(9)),
    "mixed up": lambda answer: {
        "choices": [
            {**one, "prompt_token_ids": [9, *one["prompt_token_ids"]]}
            for one in answer["choices"]
        ]
    },
    "other words": edited(put_into_words),
}


@pytest.mark.parametrize("what", OTHERS)
def test_the_tokens_of_another_model(what, open_engine, server):
    engine = open_engine()
    changed(server, OTHERS[what])
    with pytest.raises(ValueError, match=rf"\[E363\] The server {server.url} does"):
        complete(engine, FREE)


def test_a_token_that_may_not_follow(open_engine, server):
    engine = open_engine()
    wrong = {"token_ids": [22], "logprobs": {"top_logprobs": [{"token_id:22": -1.0}]}}
    changed(server, edited(lambda choice: choice.update(wrong)))
    branch = Branch((5,), 1, candidates=(20, 21), among_allowed=True)
    with pytest.raises(ValueError, match=r"\[E363\].* token 22, which may not follow"):
        complete(engine, branch)


@pytest.mark.parametrize("value", [float("nan"), None, 0.5, float("inf")])
def test_a_log_probability_that_is_none(value, open_engine, server):
    engine = open_engine()
    changed(server, edited(lambda one: tops(one)[0].update({"token_id:20": value})))
    with pytest.raises(
        ValueError, match=rf"\[E364\] The server {server.url} .*float32"
    ):
        complete(engine)


def test_a_list_of_models_that_makes_no_sense(open_engine, server):
    for listed in ({}, [], {"data": [{}]}, {"data": []}, {"data": [{"id": "tiny"}]}):
        server.change = lambda path, request, answer, listed=listed: listed
        with pytest.raises(ValueError, match=r"\[E360\].* list of models"):
            open_engine()


def test_another_tokenizer(open_engine, server):
    def more_tokens(answer):
        answer["choices"][0]["prompt_token_ids"].insert(0, 1)
        return answer

    changed(server, more_tokens)
    with pytest.raises(Unavailable, match=r"\[E362\] The model 'tiny' of .* tokens"):
        open_engine()


def test_log_probabilities_of_what_was_allowed(open_engine, server):
    """As with --logprobs-mode processed_logprobs."""

    def processed(choice):
        [top] = tops(choice)
        top |= dict.fromkeys(top, -9999.0) | {f"token_id:{choice['token_ids'][0]}": 0.0}

    changed(server, edited(processed))
    with pytest.raises(Unavailable, match=r"\[E365\].* --logprobs-mode"):
        open_engine()


def test_the_first_answer_makes_no_sense(open_engine, server):
    changed(server, lambda answer: {"choices": []})
    with pytest.raises(ValueError, match=r"\[E360\]"):
        open_engine()


def test_a_session_ends_with_its_first_failure(open_engine, server):
    """What still waits to be sent is not sent."""
    engine = open_engine(max_requests=1, max_retries=0)
    server.asked.clear()
    changed(server, lambda answer: fault(500, "dead"))
    with pytest.raises(ValueError), engine.session(9) as session:
        session.complete([[BRANCH]] * 9)
    assert len(server.asked) < 4


def test_without_the_package(open_engine, monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ImportError, match=r'\[E420\].* "spacy-padellm\[vllm\]"'):
        open_engine()


def test_a_reason_of_any_length_is_one_short_line(open_engine, server):
    engine = open_engine()
    page = json.dumps({"error": {"message": "a\nb " * 999}}).encode()
    changed(server, lambda answer: Reply(400, page))
    with pytest.raises(ValueError, match=r"\[E361\]") as caught:
        complete(engine)
    assert len(str(caught.value)) < 600 and "\n" not in str(caught.value)
