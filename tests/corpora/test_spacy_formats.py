"""spaCy's own formats: iob, TRAIN_DATA and the training JSON of spaCy 2, Prodigy's."""

ADA = [[("Ada Byron", "PER"), ("Rome", "LOC")]]
