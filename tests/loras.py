"""Settings of new adapters, as PEFT's LoraConfig takes them."""

LORA = {"r": 4, "lora_alpha": 32, "target_modules": "all-linear"}
# Copies of all linear layers, and PEFT's own name for no LoRA at all.
FULL = {
    "target_modules": "dummy-target-modules",
    "modules_to_save": [
        *("q_proj", "k_proj", "v_proj", "o_proj"),
        *("gate_proj", "up_proj", "down_proj"),
    ],
}
