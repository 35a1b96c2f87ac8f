"""Formats and labels (E5xx), engines (E60x), training (E64x and E650), scoring (E66x),
the pipeline (E801 to E839), spacy-llm (E84x).
"""


class ComponentErrors:
    # formats and labels
    E501 = "[E501] There is no template {name!r}. Choose one of: {known}."
    E502 = "[E502] {setting} is {value!r}, but it must be a whole number from 1 on."
    E503 = (
        "[E503] labels is the string {labels!r}. Use a list, such as ['PER', 'ORG'], "
        "or a dict from labels to names, such as {{'PER': 'person'}}."
    )
    E504 = (
        "[E504] These labels or names are empty, or have a newline, surrounding "
        "whitespace or half of a surrogate pair: {labels}. Each label and each name "
        "must be one line of text."
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
        "'once', 'behind' or 'alone', or null, which is what the adapter has."
    )
    E514 = (
        "[E514] {name} has the format {format}, which has no thresholds for single "
        "labels. Leave out --by-label, or use a component with the format Pointer."
    )
    # engines
    E601 = (
        "[E601] A text with its labels, or a prompt with its answer, needs {needed} "
        "tokens, but the model's context length is {most}. Make the component's "
        "`windows` smaller."
    )
    # training
    E641 = (
        "[E641] The optimizer in [training.optimizer] cannot train padellm_ner. Set "
        '@optimizers = "Adam.v1" or "SGD.v1".'
    )
    E642 = (
        "[E642] The component {name!r} annotates for other components in training, and "
        "checkpoints cannot replay that. Take it out of annotating_components, or "
        "leave [training.before_update] out."
    )
    E643 = (
        "[E643] The memory of {device} does not suffice to train on a single text: "
        "{tokens} tokens with its labels and answers, in the window that begins "
        "{begin!r}. Make the component's `windows` smaller, or train on a device with "
        "more memory."
    )
    E644 = (
        "[E644] The training loss is {loss}, so no step was taken. Lower the learning "
        "rate in [training.optimizer], or set the model's `dtype` to 'float32'."
    )
    E645 = (
        "[E645] The checkpoint {path} cannot be read: {reason}. It is cut off or "
        "damaged. Set resume = false to start from the beginning."
    )
    E646 = (
        "[E646] The checkpoint {path} belongs to another training: {what}. Train with "
        "the same config and corpus, or set resume = false to start from the beginning."
    )
    E647 = (
        "[E647] A training text takes {needed} tokens with its labels and answers, and "
        "the model's context has {most}. Make the component's `windows` smaller; the "
        "text begins {begin!r}."
    )
    E648 = (
        "[E648] doc.user_data['padellm_labels'] of a gold doc is {labels!r}, which is "
        "no list of labels and no table label → name: {error}. The doc begins with "
        "{begin!r}."
    )
    E649 = (
        "[E649] The checkpoint {path} is of step {step}, and this training may end "
        "before it, by its {setting}. Raise that setting, or set resume = false to "
        "start from the beginning."
    )
    E650 = (
        "[E650] {later} writes entities after {name}, and a resumed training cannot "
        "repeat its scores, so it would save another model-best. Set resume = false, "
        "or put {later} before {name}."
    )
    # scoring
    E661 = (
        "[E661] There are {gold} gold documents but {predicted} predicted documents. "
        "Pass the same documents on both sides, in the same order."
    )
    E662 = (
        "[E662] The mentions of {label} are the string {strings!r}. Pass a collection "
        "of strings, such as [{strings!r}]."
    )

    # pipeline
    E801 = (
        "[E801] alignment_mode is {value!r}, but it must be 'strict', 'contract' or "
        "'expand', as in Doc.char_span."
    )
    E802 = (
        "[E802] The adapter {path} was trained with the format {trained!r}, but {name} "
        "uses {format!r}. Set the component's `format` to the one of the adapter, or "
        "the model's `adapter` to null and train a new one. If both are Pointer, set "
        "its `labels` to null, and each adapter is read as it was trained."
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
        "`max_tokens` of SentenceWindows.v1 or `window` of StridedWindows.v1. If the "
        "window is short, the labels are too many or their descriptions too long. "
        "{error}"
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
        "a folder name. Use letters, digits, '-' and '_', and no device name of "
        "Windows such as 'nul'."
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
        "initialize it from gold data: nlp.initialize(lambda: examples). If the gold "
        "mentions are in doc.spans, set `allow_overlap = true` and `spans_key`."
    )
    E817 = (
        "[E817] Cannot read labels from {path}: {error} Give a JSON file with a list "
        "of labels or a table label -> name, as `spacy init labels` writes it, or null "
        "for the labels of the gold data."
    )
    E818 = (
        "[E818] {setting} has the key {key!r}, which a config file cannot hold: keys "
        "have no ':', '=' or outer spaces, do not begin with '#', ';', '[' or '@', and "
        "have no '.' if their value is a table. Choose another one. Labels may also be "
        "a list, or come from a file, see spacy_padellm.Labels.v1."
    )
    E819 = (
        "[E819] {setting} is {value!r}, which a config file cannot hold: it takes "
        "${{…}} for a variable, and keys of inner tables have no ':' or '='. Write it "
        "in another way."
    )
    E820 = (
        "[E820] The weights of the base model with the adapter merged into them are "
        "not finite numbers. Train the adapter again with a lower learning rate, or "
        "check the base with: python -m spacy_padellm download NAME"
    )
    E821 = "[E821] The setting {name!r} of cfg cannot be deleted. Set another value."
    E822 = (
        "[E822] You cannot change the setting {setting!r} of the format {format!r} in "
        "cfg. You can change: {known}."
    )
    E823 = (
        "[E823] {name} cannot have both adapters {other!r} and {adapter!r}, because "
        "some file systems do not tell their folders apart. Rename or remove one of "
        "them."
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
