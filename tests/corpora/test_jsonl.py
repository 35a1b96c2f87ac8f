"""The variants of JSON lines, including CLUENER and Rasa."""

WANTED = [[("Ada", "PER"), ("Rome", "LOC")]]
TEXT = "Ada left Rome"
WORDS = TEXT.split()
