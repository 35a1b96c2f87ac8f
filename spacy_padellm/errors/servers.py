"""Models that a server runs (E350 to E369)."""


class ServerErrors:
    # models that a server runs
    E350 = (
        "[E350] The engine of {name} is a server ({url}), which cannot compare labels "
        "with tokens, as the format {format!r} does. Use a format that generates, such "
        'as @misc = "spacy_padellm.PaDeLLM.v1" with prefix_lm = false, and a model '
        "that was trained in it, or set the engine to "
        '@misc = "spacy_padellm.Packed.v1".'
    )
    E351 = (
        "[E351] The engine of {name} is a server ({url}), which reads from left to "
        "right, but the format {format!r} has prefix_lm = true. Set prefix_lm = false "
        "and serve a model that was trained so, or set the engine to "
        '@misc = "spacy_padellm.Packed.v1".'
    )
    E352 = (
        "[E352] The key of the server {url} is to be in the environment variable "
        "{variable}, which is not set or empty. Set it, or set the engine's "
        "api_key_env to null if the server wants no key."
    )
    E353 = (
        "[E353] This pipeline would send your texts to the server {url}. If you trust "
        "it, set {variable}={host} in the environment (several hosts: separated by "
        "commas). A pipeline cannot do that for you."
    )
    E354 = "[E354] {setting} of the engine is {value!r}, but it must be {allowed}."
    E355 = (
        "[E355] No server answers at {url} ({reason}). Start it, see docs/servers.md, "
        "or correct the engine's url."
    )
    E356 = (
        "[E356] The server {url} did not answer within {seconds} seconds, in {tries} "
        "tries. Set the engine's timeout to more, or its max_requests or the batch "
        "size to less."
    )
    E357 = (
        "[E357] The server {url} refuses the key (status {status}: {reason}). The key "
        "is read from the environment variable that the engine's api_key_env names: "
        "{variable}."
    )
    E358 = (
        "[E358] The server {url} does not serve the model {model!r}. {known}. Set the "
        "engine's `model` to one of these, or start the server with "
        "--served-model-name {model} or --lora-modules {model}=FOLDER."
    )
    E359 = (
        "[E359] The server {url} failed with the status {status} in {tries} tries: "
        "{reason}. Read the server's log. If it has too much to do, set the engine's "
        "max_requests to less."
    )
    E360 = (
        "[E360] The server {url} answered what cannot be used: {reason}. Check that "
        "it is a vLLM server, of the version in docs/servers.md or later, and that no "
        "proxy changes its answers."
    )
    E361 = (
        "[E361] The server {url} refuses a request (status {status}: {reason}). Check "
        "that it is a vLLM server of the version in docs/servers.md or later."
    )
    E362 = (
        "[E362] The model {model!r} of the server {url} splits a text into other "
        "tokens than the component's base. Set the model's `base` to the one that is "
        "served: to the folder of the merged checkpoint, say."
    )
    E363 = (
        "[E363] The server {url} does not answer as the component's model would: "
        "{what}. Check that it was not started anew with another model, and that no "
        "proxy mixes its answers up."
    )
    E364 = (
        "[E364] The server {url} answered with the log-probability {value}, which is "
        "none. If it is NaN, the model's numbers are too large for the server's dtype: "
        "start it with --dtype float32. Else start it without --logprobs-mode."
    )
    E365 = (
        "[E365] The server {url} tells log-probabilities of the tokens that it was "
        "allowed, and not of the model. Start it without --logprobs-mode."
    )
    E366 = (
        "[E366] {name} cannot be trained while its engine is a server ({url}). Train "
        'it with the engine @misc = "spacy_padellm.Packed.v1" and serve the result. '
        "To train other components of the pipeline, put {name} into "
        "frozen_components."
    )
