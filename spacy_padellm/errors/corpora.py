"""Corpora, and how their docs are cut into windows (E2xx)."""


class CorpusErrors:
    E201 = (
        "[E201] The format of {path} is not recognised. Its first line is {line!r}. "
        "docs/corpora.md shows what each format looks like. If it is one of them, pass "
        "it with --format: {formats}."
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
        "[E209] {path}:{line}: not UTF-8. The file seems to have an encoding of "
        "another script. Convert it first, e.g. with iconv -f GB18030 -t UTF-8 if it "
        "is Chinese, EUC-KR if Korean, SHIFT_JIS if Japanese, CP1251 if Russian."
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
        "in its first line: token,tag or text,start,end,label or text,entities (see "
        "docs/corpora.md)."
    )
    E221 = (
        "[E221] {path} is Parquet, which cannot be read as {format}. Leave out "
        "--format, or pass a format of JSON rows, such as token_tags or jsonl."
    )
    E222 = (
        "[E222] {path}:{line}: the cell {cell!r} is not a list of strings or numbers "
        "with commas between them. It may be a numpy array that pandas printed. Write "
        'the data with to_json(orient="records", lines=True) or to_parquet in place of '
        "to_csv, or turn the arrays into lists first: df[name] = df[name].map(list)."
    )
    E223 = (
        "[E223] {path}:{line}: the tags are letters such as B and I alone, without a "
        "label. Append the label of your entities to them: B-PER and I-PER."
    )
    E224 = (
        "[E224] {path}:{line}: read as {format}, no token of any text is annotated, so "
        "nothing can be learned from it. Check the tags of the file, or that its "
        "annotations were exported."
    )
    E225 = (
        "[E225] {path} is a file, but --dev-share writes train.spacy and dev.spacy. "
        "Pass a folder as the target."
    )
    E226 = (
        "[E226] {folder} has splits already: {names}. To divide one of them, pass its "
        "file; to convert all, leave out --dev-share."
    )
    E227 = (
        "[E227] {path} would be replaced by what is read from it. Pass another target."
    )
    E228 = (
        "[E228] A share of {share} of {number} docs leaves none to train on or none "
        "for dev. Pass another --dev-share, such as 0.2."
    )
    E229 = (
        "[E229] {path} would be written from {first} and again from {second}. Convert "
        "them one by one, each to a target of its own."
    )
    E230 = (
        "[E230] {path} is compressed. Unpack it first, for example with gunzip, unzip "
        "or xz -d. Export a spreadsheet as CSV."
    )
    E231 = (
        "[E231] The strided windows have window = {window} and stride = {stride}. "
        "Windows cover every token only if 1 <= stride <= window. Change them in the "
        "config block of spacy_padellm.StridedWindows.v1."
    )
    E232 = "[E232] Unknown corpus format {format!r}. Choose one of: {formats}."
    E233 = (
        "[E233] {path}:{line}: found a NUL byte, so the file is not UTF-8 or Latin-1 "
        "text. Convert it first, e.g. with iconv -f UTF-16 -t UTF-8."
    )
    E234 = (
        "[E234] All {number} docs have the same text, so they cannot be divided. Pass "
        "other texts, or leave out --dev-share."
    )
