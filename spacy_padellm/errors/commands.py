"""The command line (E401 to E409), annotating (E410 to E440), the report (E441 on)."""


class CommandErrors:
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
        "{place}. The memory may not suffice: pass fewer --processes, and the "
        "same command goes on. Or make the component's batch_tokens and windows "
        "smaller, and begin in a new output folder."
    )
    E419 = (
        "[E419] {times} worker processes in a row ended while they loaded the pipeline "
        "(the last with exit code {code}). Code -9 usually means too little memory: "
        "pass fewer --processes, or free memory. With another code, load the pipeline "
        "in a Python of its own to see the cause. Then the same command goes on."
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
        "[E423] {path} has a field {name!r} already, which would be overwritten. "
        "Rename it. `annotate --format spacy` keeps both."
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
        "to start one here, or the address of a running one. If the cluster asks for "
        "a token, as Ray's own do by default, set RAY_AUTH_MODE=token and have the "
        "cluster's token in ~/.ray/auth_token or in RAY_AUTH_TOKEN."
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
    E432 = (
        "[E432] --gpus is {gpus}, but Ray gives a worker a part of one GPU or whole "
        "GPUs. Pass a number up to 1, or a whole one."
    )
    E433 = (
        "[E433] Parquet needs one type for each field, but {field} has fractions and "
        "the integer {value}, which no float has exactly. Pass --format jsonl."
    )
    E434 = (
        "[E434] Parquet cannot hold a field of the input: {reason}. Pass "
        "--format jsonl."
    )
    E435 = (
        "[E435] {path} has an ending that `annotate` does not know. It knows: {known}, "
        "each also with .gz, .zst, .bz2 or .xz. Files that you name may also be texts "
        "that end in {plain} or have no ending. Rename the file, such as to .txt or "
        ".jsonl."
    )
    E436 = (
        "[E436] --errors {path} cannot be used: {reason}. Pass a .jsonl file of its "
        "own, beside the input and the output."
    )
    E437 = (
        "[E437] The worker process ended {deaths} times in a row while it read or "
        "wrote documents {first} to {last}, and no single one is to blame. The usual "
        "cause is too little memory: pass fewer --processes, or a new output folder "
        "and a smaller --shard-size."
    )
    E438 = (
        "[E438] --gpus is for Ray: pass --ray too. Without Ray, pass --device cuda and "
        "as many --processes as there are GPUs, or --device cpu for none."
    )
    E439 = (
        "[E439] {path} is a link to a folder. Links to folders are not followed: pass "
        "that folder itself in another run, or move it here."
    )
    E440 = (
        "[E440] {path} is one JSON list, but a document is an object in a line of its "
        "own. Write it so, for example with jq -c '.[]', or with pandas: "
        'to_json(orient="records", lines=True).'
    )
    # the report
    E441 = (
        "[E441] The report needs {packages}, but the import failed. Install what it "
        'needs with: pip install "spacy-padellm[cli,report]"'
    )
    E442 = (
        "[E442] {path} is not a valid .spacy file ({reason}). Create it with: "
        "python -m spacy_padellm convert SOURCE {path}"
    )
    E443 = (
        "[E443] {path} has no gold annotation: none of its {number} documents has "
        "entity annotation. Pass a file that `spacy evaluate` would accept."
    )
    E444 = (
        "[E444] {path} is a folder. Pass the name of the page to write, such as "
        "{path}/report.html"
    )
    E445 = (
        "[E445] No threshold can be chosen: the component's scorer gives no {score}, "
        "or none of the {number} gold documents has an entity. Pass other documents, "
        "or more of them."
    )
