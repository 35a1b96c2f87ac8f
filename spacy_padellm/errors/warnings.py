"""Warnings: codes with W, numbered as errors are."""


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
    W205 = (
        "[W205] --n-sents joined no texts: each is of another document than the "
        "next, or annotated for other labels."
    )
    W401 = (
        "[W401] Not read, because names that begin with a dot or an underscore are "
        "left out: {number} files, {path} first. Rename them, or pass a pattern with "
        "that name."
    )
    # models and devices
    W701 = (
        "[W701] dtype is {dtype!r}, but this CPU has no instructions for it. Each "
        "matrix multiplication takes ten times as long or more. Set the model's "
        "`dtype` to 'float32'."
    )
    W702 = (
        "[W702] torch {version} has no operators for {kind} matrix products on this "
        "CPU. Plain float32 ones are used, which take more time. The version in "
        "constraints.txt has them on x86 CPUs."
    )
    W703 = (
        "[W703] Without effect: {settings}. transformers itself computes this base "
        "model of type {kind!r} with its adapter. The settings are for plain LoRA on "
        "base models of these types: {known}."
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
        "[W805] {name}: {number} parts of a doc have more than {longest} characters "
        "and are no words, such as inline images. They are not read, so nothing is "
        "found in them. Split such tokens, or look for names in them by other means. "
        "This warning is shown once."
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
    W809 = (
        "[W809] {name}: the format's `thresholds` name {labels}, but the labels of "
        "{name} are: {own}. This warning is shown once."
    )
    W810 = (
        "[W810] How broad {number} labels are is measured now, which happens once for "
        "each label and takes time. `warm_up` does it before the first text. The "
        "format's `prefer_narrow = 0` does without."
    )
    W811 = (
        "[W811] {name}: the adapter that was saved with the pipeline is not used, "
        "because the config names another one: {adapter}."
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
    W875 = (
        "[W875] {name}: the learning rate stays 0, so nothing is learned. After "
        "nlp.resume_training, set the optimizer's `learn_rate`. In `spacy train`, the "
        "training is longer than its schedule: set "
        "training.optimizer.learn_rate.total_steps to the number of steps. This "
        "warning is shown once."
    )
