"""Which arithmetic the processor is fast at."""

from typing import Literal

import torch


def autocast(choice: Literal["auto", "float32", "bfloat16"], device: torch.device) -> torch.autocast:
    """The context to compute networks in; auto takes bfloat16 where the hardware has it."""
    enabled = choice == "bfloat16" or (choice == "auto" and has_bfloat16(device))
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is computed in hardware, not emulated."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return False
